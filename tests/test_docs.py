"""README and docs: every snippet runs, every link leads somewhere, every id is explained."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cookieguard import Policy
from cookieguard.policy.catalogue import load_service, service_names

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
    # A snippet that wraps `app` may rely on there being one.
    given = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return []\n"
    script = readme_policy.with_name("snippet.py")
    script.write_text(given + snippet, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=ROOT,
        env=os.environ | {"COOKIEGUARD_SECRET": "a-secret-of-the-tests-own"},
        capture_output=True,
        text=True,
    )
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
    page = (ROOT / "docs" / "policy-file.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| ([0-9]+) \|", page, re.MULTILINE)
    assert listed == [(name, str(len(load_service(name).declarations))) for name in service_names()]
