"""A policy or secret that is half written, or can't be read: at the start, and at a reload."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from contract import POLICY, SECRET
from served import GUNICORN, Site, clean, serving

from cookieguard import Policy, PolicyError
from cookieguard.settings.secret import read_keys
from cookieguard.settings.source import Source

EXAMPLE = Path(__file__).parents[2] / "examples" / "serving" / "cookies.toml"
SETTINGS = {
    "COOKIEGUARD_APP": "served_app:make()",
    "COOKIEGUARD_POLICY": "cookies.json",
    "COOKIEGUARD_SECRET_FILE": "secret",
}


def outcome(file: Path) -> str:
    """Return what is said of a file, "" where it is a policy."""
    try:
        Policy.from_file(file)
    except PolicyError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("suffix", [".toml", ".json", ".yaml"])
def test_a_policy_cut_off_anywhere(tmp_path: Path, suffix: str) -> None:
    """Each is a policy, or a PolicyError with the file's name: never another exception."""
    text = EXAMPLE.read_text() if suffix == ".toml" else json.dumps(POLICY, indent=1, ensure_ascii=False)
    data, file = text.encode(), tmp_path / f"cookies{suffix}"
    for length in range(0, len(data), 1 if suffix == ".toml" else 7):
        file.write_bytes(data[:length])
        said = outcome(file)
        assert not said or f"cookies{suffix}" in said, data[:length]
    # Of JSON nothing but the whole is a policy; the others end at any line.
    if suffix == ".json":
        assert said


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b'{"cookies": [', "cookies.json:1", id="cut off"),
        pytest.param(b"", "cookies.json", id="empty"),
        pytest.param(b'{"site": {"name": "K\xc3', "cookies.json", id="within a character"),
        pytest.param(b"\0" * 300, "cookies.json", id="zeros, as after a crash"),
    ],
)
def test_half_a_file_names_itself(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "cookies.json").write_bytes(data)

    assert says in outcome(tmp_path / "cookies.json")


# At a reload.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cookies.json").write_text(json.dumps(POLICY))
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def await_that(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def guards(site: Site) -> None:
    assert site.ask("/", {"X-Case": "first-visit"}).names == ["session"]


@pytest.mark.server
@pytest.mark.parametrize("name", ["cookies.json", "secret"])
def test_gunicorn_ends_where_half_a_file_is_reloaded(folder: Path, name: str) -> None:
    """Not the old workers, not the new ones: hence the `mv` of docs/operating.md."""
    with serving([*GUNICORN, "--workers=2", "cookieguard.serve:app"], folder, clean(**SETTINGS)) as site:
        guards(site)
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2 if name == "cookies.json" else 3])
        # While nobody asks for a reload, nobody reads it.
        guards(site)
        site.reload()
        await_that(lambda: site.ended is not None)

        assert site.ended != 0 and name in site.said, site.said


@pytest.mark.server
def test_a_file_that_is_moved_into_place_is_never_half(folder: Path) -> None:
    changed = [each for each in POLICY["cookies"] if each["name"] != "chat"]
    with serving([*GUNICORN, "--workers=2", "cookieguard.serve:app"], folder, clean(**SETTINGS)) as site:
        for cookies in (changed, POLICY["cookies"]):
            before = {*site.workers}
            (folder / "next.json").write_text(json.dumps({**POLICY, "cookies": cookies}))
            (folder / "next.json").replace(folder / "cookies.json")
            site.reload()
            await_that(lambda: len(site.workers) == 2 and not before & {*site.workers})  # noqa: B023
            guards(site)
        assert site.ended is None and "Traceback" not in site.said


# A secret that can't be read.

SAID = Source("the environment", {}, Path(), text=True, spelling="variable")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_secret_of_somebody_elses() -> None:
    # pytest's own folders are closed to others.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "secret").write_text(SECRET)
        (folder / "secret").chmod(0o600)
        os.seteuid(65534)
        try:
            keys, (problem,) = read_keys(SAID, folder / "secret")
        finally:
            os.seteuid(0)

    assert keys == ()
    assert "can't be read: Permission denied" in str(problem) and "server's user" in str(problem)
    assert SECRET not in str(problem)


def test_a_secret_that_is_a_folder(tmp_path: Path) -> None:
    keys, (problem,) = read_keys(SAID, tmp_path)

    assert keys == () and "Is a directory" in str(problem)
