"""README and docs: every snippet runs, every link leads somewhere, every id is explained."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cookieguard import Policy
from cookieguard.policy.catalogue import load_service, service_names
from cookieguard.policy.model import STANDARD_CATEGORIES

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ID = re.compile(r"cookieguard\.[EW][0-9]{3}")


def snippets(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def python_snippets() -> list[object]:
    return [
        pytest.param(snippet, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, snippet in enumerate(snippets(page, "python"), 1)
    ]


@pytest.fixture
def readme_policy(tmp_path: Path) -> Path:
    (toml,) = snippets(ROOT / "README.md", "toml")
    path = tmp_path / "cookies.toml"
    path.write_text(toml, "utf-8")
    return path


@pytest.mark.parametrize("snippet", python_snippets())
def test_snippet_runs(snippet: str, readme_policy: Path) -> None:
    # A snippet that wraps `app` may rely on there being one, and settings on those of startproject.
    given = (
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return []\n"
        "from pathlib import Path\nBASE_DIR, INSTALLED_APPS, MIDDLEWARE = Path(__file__).parent, [], []\n"
    )
    script = readme_policy.with_name("snippet.py")
    script.write_text(given + snippet, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=ROOT,
        env=os.environ
        | {
            "COOKIEGUARD_SECRET": "a-secret-of-the-tests-own",
            "FLASK_SECRET_KEY": "a-secret-of-the-tests-own",
        },
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "docs" / "django.md"], ids=lambda page: page.stem
)
def test_django_is_switched_on_by_five_lines(page: Path, readme_policy: Path) -> None:
    """`startproject`, then what the page says, and no more."""
    settings, wsgi = (
        next(snippet for snippet in snippets(page, "python") if text in snippet)
        for text in ("INSTALLED_APPS +=", "get_wsgi_application")
    )
    assert len((settings + wsgi).splitlines()) <= 5

    def run(*arguments: str) -> str:
        command = [sys.executable, "-W", "error", *arguments]
        environ = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
        done = subprocess.run(
            command,
            cwd=readme_policy.parent,
            env=environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    run("-m", "django", "startproject", "shop", ".")
    project = readme_policy.parent / "shop"
    before, own = (
        project.joinpath("wsgi.py").read_text(),
        "from django.core.wsgi import get_wsgi_application\n",
    )
    assert own in before
    project.joinpath("wsgi.py").write_text(before.replace(own, wsgi))
    with project.joinpath("settings.py").open("a") as file:
        file.write(settings)

    assert "no issues" in run("manage.py", "check")
    ask = (
        "from werkzeug.test import Client; from shop.wsgi import application; "
        "answer = Client(application).get('/admin/login/'); "
        "print(answer.status, 'guard.js' in answer.text, answer.headers.getlist('Set-Cookie'))"
    )
    # Django 5 writes a space before the name.
    assert run("-c", ask).replace("' ", "'").startswith("200 OK True ['csrftoken=")


def test_flask_is_switched_on_by_five_lines() -> None:
    snippet = next(each for each in snippets(ROOT / "README.md", "python") if "cookieguard.flask" in each)
    assert len([line for line in snippet.splitlines() if line]) <= 5


def test_readme_makes_the_secret_that_its_snippet_reads(readme_policy: Path) -> None:
    before, line, after = re.split(
        r"^    (export COOKIEGUARD_SECRET=.*)\n", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE
    )
    (snippet,) = re.findall(r"\A\n```python\n(.*?)^```", after, re.DOTALL | re.MULTILINE)
    script = readme_policy.with_name("snippet.py")
    script.write_text(f"def app(environ, start_response): ...\n{snippet}", "utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COOKIEGUARD_")}
    done = subprocess.run(
        ["bash", "-c", f"{line}\npython {script}"],
        cwd=ROOT,
        env=environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )

    assert "FLASK_SECRET_KEY" in before
    assert (done.returncode, done.stderr) == (0, "")


def test_readme_policy_loads_without_a_warning(readme_policy: Path) -> None:
    assert Policy.from_file(readme_policy).warnings == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_id_is_explained() -> None:
    used = {id for path in (ROOT / "cookieguard").rglob("*.py") for id in ID.findall(path.read_text("utf-8"))}
    assert set(ID.findall((ROOT / "docs" / "errors.md").read_text("utf-8"))) == used


def test_every_key_of_the_policy_file_is_documented() -> None:
    from cookieguard.policy.entries import json_schema

    page = (ROOT / "docs" / "policy-file.md").read_text("utf-8")
    keys = {key for table in json_schema()["$defs"].values() for key in table.get("properties", {})}
    assert {key for key in keys if f"`{key}`" not in page and f"[{key}" not in page} == set()


def test_the_catalogue_is_listed_as_it_is() -> None:
    page = (ROOT / "docs" / "catalogue.md").read_text("utf-8")
    rows = []
    for name in service_names():
        cookies = load_service(name).declarations
        categories = [id for id in STANDARD_CATEGORIES if any(cookie.category == id for cookie in cookies)]
        rows.append(f"| `{name}` | {len(cookies)} | {', '.join(categories) or '–'} |")

    assert [line for line in page.splitlines() if line.startswith("| `")] == rows


def test_the_changes_count_the_catalogue() -> None:
    (counted,) = re.findall(r"catalogue of ([0-9]+) well-known", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert int(counted) == len(service_names())


def test_the_example_of_a_service_stands_as_a_policy() -> None:
    (toml,) = snippets(ROOT / "docs" / "catalogue.md", "toml")
    service = tomllib.loads(toml)

    assert set(service.pop("about")) == {"source", "checked"}
    assert Policy.from_dict(service).warnings == ()


def test_templates_and_their_blocks_are_listed_as_they_are() -> None:
    page = (ROOT / "docs" / "pages.md").read_text("utf-8")
    listed = {
        name: re.findall(r"`(\w+)`", blocks)
        for name, blocks in re.findall(r"^\| `([\w-]+\.(?:html|md))` \| .* \| (.*) \|$", page, re.MULTILINE)
    }

    templates = (ROOT / "cookieguard" / "visitor" / "templates").iterdir()
    # That one is for `policy render` alone.
    shipped = [path for path in templates if path.name != "policy-document.html"]
    assert listed == {
        path.name: re.findall(r"\{%-? block (\w+)", path.read_text("utf-8")) for path in shipped
    }
