"""`module:name`, and what is said where it names nothing."""

from __future__ import annotations

import os.path
from pathlib import Path

import pytest

from cookieguard.settings.objects import NoSuchObject, load_object


@pytest.mark.parametrize(
    ("spelled", "found"),
    [
        pytest.param("os:path.join", os.path.join, id="attribute of an attribute"),
        pytest.param("os.path:join", os.path.join, id="submodule"),
        pytest.param("builtins:dict()", {}, id="factory"),
    ],
)
def test_finds(spelled: str, found: object) -> None:
    assert load_object(spelled) == found


@pytest.mark.parametrize(
    ("spelled", "reason"),
    [
        pytest.param("os", "names nothing", id="no name"),
        pytest.param("os:path:join", "names nothing", id="two colons"),
        pytest.param(".path:join", "names nothing", id="relative"),
        pytest.param("os:path(1)", "names nothing", id="arguments"),
        pytest.param("os/path:join", "names nothing", id="a path"),
        pytest.param("no_such_module:app", "no module 'no_such_module'", id="no module"),
        pytest.param("os.no_such:app", "no module 'os.no_such'", id="no submodule"),
        pytest.param("os:no_such", "os has no 'no_such'", id="no attribute"),
        pytest.param("os:sep()", "no factory", id="not to be called"),
        pytest.param("os:fspath()", "no factory", id="wants arguments"),
    ],
)
def test_says_what_is_missing(spelled: str, reason: str) -> None:
    with pytest.raises(NoSuchObject, match=reason) as caught:
        load_object(spelled)
    assert caught.value.remedy


def test_a_factory_is_asked_what_it_takes_and_not_what_it_wraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "decorated.py").write_text(
        "import functools\n\n"
        "def configured(make):\n    return functools.wraps(make)(lambda: make('production'))\n\n"
        "@configured\ndef make(config):\n    return config\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    assert load_object("decorated:make()") == "production"


def test_what_the_app_fails_to_import_is_its_own_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacking.py").write_text("import a_module_that_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="a_module_that_nobody_has"):
        load_object("lacking:app")
