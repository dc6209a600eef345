"""Each entry of a policy file is told by its line, whatever the format."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from growing import grows_linearly

from cookieguard.errors import PolicyError, Problem
from cookieguard.policy.document import read_dict, read_file
from cookieguard.policy.keypath import KeyPath, spell

TOML = """\
# A comment with \u2028 and \x85 in it, which are no line breaks in TOML.
use = ["flask"]
site.name = "A\u2028B"
site.languages = [
    "en",  # ]
    # none
    "de", "fr",
    "it"]

[guard]
mount = '/x'

  [categories . "analytics"]
title = \"\"\"
[[cookies]]
name = "no table"
\"\"\"
sold = true

[[cookies]]
name = "a"
[cookies.purpose]
en = "A."
de = \"""
]
\"""

[[cookies]]
name = "b"
essential_under = [
    '/a',

    '/b'
]

[providers]
acme = { name = "Acme", hosts = ["a.example", "b.example"] }
"x.y".name = "X"
[providers.last]
hosts = [ [
  "nested" ],
  "flat" ]
"""

TOML_LINES: list[tuple[KeyPath, int]] = [
    (("use",), 2),
    (("use", 0), 2),
    (("site",), 3),
    (("site", "name"), 3),
    (("site", "languages"), 4),
    (("site", "languages", 0), 5),
    (("site", "languages", 1), 7),
    (("site", "languages", 2), 7),
    (("site", "languages", 3), 8),
    (("guard",), 10),
    (("guard", "mount"), 11),
    (("categories", "analytics"), 13),
    (("categories", "analytics", "title"), 14),
    (("categories", "analytics", "sold"), 18),
    (("cookies", 0), 20),
    (("cookies", 0, "name"), 21),
    (("cookies", 0, "purpose"), 22),
    (("cookies", 0, "purpose", "en"), 23),
    (("cookies", 0, "purpose", "de"), 24),
    (("cookies", 1), 28),
    (("cookies", 1, "name"), 29),
    (("cookies", 1, "essential_under"), 30),
    (("cookies", 1, "essential_under", 0), 31),
    (("cookies", 1, "essential_under", 1), 33),
    (("cookies", 1, "lifetime"), 28),
    (("providers",), 36),
    (("providers", "acme"), 37),
    (("providers", "acme", "hosts", 1), 37),
    (("providers", "x.y", "name"), 38),
    (("providers", "last"), 39),
    (("providers", "last", "hosts"), 40),
    (("providers", "last", "hosts", 0), 40),
    (("providers", "last", "hosts", 0, 0), 41),
    (("providers", "last", "hosts", 1), 42),
]

JSON = """\
{
  "use": ["flask"],
  "site": {"name": "A, {\\"x\\": 1}",
    "languages": [
      "en",
      "de"
    ]},
  "cookies": [
    {
      "name": "a"
    }, {"name":
      "b", "secure": true, "essential_under": [],
      "purpose": {"en": "B."}}
  ],
  "guard": {}
}
"""

YAML = """\
---
use: [flask]
site:
  name: |
    A
    cookies:
  languages:
    - en

    - de
cookies:
  - name: a

  - name: b
    secure: true
    purpose: {en: B.}
guard: {}
"""


# Ten lists of ten times the one before, in a few bytes.
MERGES = "a: &a\n  b:\n  - <<: *a\n    c: 1\n  b: 2\n"
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 11))
LAUGHED = LAUGHS + "".join(f"a{n}: 1\n" for n in range(11))


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path) -> Problem:
    with pytest.raises(PolicyError) as caught:
        read_file(path)
    (problem,) = caught.value.problems
    assert (problem.id, problem.level, problem.source) == ("cookieguard.E101", "error", str(path))
    assert problem.remedy
    return problem


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    ("path", "line"), TOML_LINES, ids=lambda value: value if isinstance(value, int) else spell(value)
)
def test_toml(tmp_path: Path, path: KeyPath, line: int, newline: str) -> None:
    document = read_file(write(tmp_path, "p.toml", TOML.replace("\n", newline)))

    assert document.line(path) == line


@pytest.mark.parametrize(
    ("path", "json", "yaml"),
    [
        (("use",), 2, 2),
        (("use", 0), 2, 2),
        (("site", "name"), 3, 4),
        (("site", "languages", 1), 6, 10),
        (("cookies", 0), 9, 12),
        (("cookies", 0, "name"), 10, 12),
        (("cookies", 1), 11, 14),
        (("cookies", 1, "secure"), 12, 15),
        (("cookies", 1, "purpose", "en"), 13, 16),
        (("cookies", 1, "lifetime"), 11, 14),
        (("guard",), 15, 17),
        (("guard", "mount"), 15, 17),
        (("ledger",), None, None),
    ],
    ids=lambda value: spell(value) if isinstance(value, tuple) else None,
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_json_and_yaml(
    tmp_path: Path, path: KeyPath, json: int | None, yaml: int | None, newline: str
) -> None:
    assert read_file(write(tmp_path, "p.json", JSON.replace("\n", newline))).line(path) == json
    assert read_file(write(tmp_path, "p.yaml", YAML.replace("\n", newline))).line(path) == yaml


def test_a_dict_has_no_lines() -> None:
    document = read_dict({"site": {"name": "A"}})

    assert document.line(("site", "name")) is None
    assert document.source == "<dict>"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "the policy"),
        (("site",), "site"),
        (("cookies", 2, "name"), "cookies[3].name"),
        (("use", 0), "use[1]"),
    ],
)
def test_spelled_for_a_reader(path: KeyPath, text: str) -> None:
    assert spell(path) == text


@pytest.mark.parametrize(
    ("name", "content", "line", "says"),
    [
        pytest.param("p.ini", "", None, ".ini names no known format", id="suffix"),
        pytest.param("policy", "", None, "no suffix names no known format", id="no suffix"),
        pytest.param("p.toml", b"a = 1\nb = '\xe4'\n", 2, "isn't UTF-8", id="toml in latin-1"),
        pytest.param("p.json", b'{"a":\n\n"\xe4"}', 3, "isn't UTF-8", id="json in latin-1"),
        pytest.param("p.yaml", b"a: 1\r\nb: \xff\r\n", 2, "isn't UTF-8", id="yaml in latin-1"),
        pytest.param("p.toml", "a = 1\nb = \nc = 2\n", 2, "isn't TOML", id="toml"),
        pytest.param("p.toml", "a = 1\n\na = 2\n", 3, "isn't TOML", id="toml key twice"),
        pytest.param("p.toml", "[a]\nb = 1\n[c]\n[a]\n", 4, "isn't TOML", id="toml table twice"),
        pytest.param("p.toml", "a = 1\nb = [\n 1,\n", 2, "isn't TOML", id="toml array without end"),
        pytest.param("p.toml", "a = [\n 1,\n b,\n]\n", 3, "isn't TOML", id="toml inside an array"),
        pytest.param(
            "p.toml", '["(at line 9, column 1)"]\n' * 2 + "[a]\n", 2, "isn't TOML", id="toml key with a place"
        ),
        pytest.param("p.toml", "a = 1\nb = 2026-13-01\n", 2, "isn't TOML", id="toml date that doesn't exist"),
        pytest.param("p.json", '{"a": 1,\n"b": }', 2, "isn't JSON", id="json"),
        pytest.param("p.json", "", 1, "isn't JSON", id="json empty"),
        pytest.param("p.json", "[]", 1, "is a list", id="json list"),
        pytest.param(
            "p.json", '{"a": {"b": 1,\n"c": 2,\n"b": 3}}', 3, "'a.b' stands twice", id="json key twice"
        ),
        pytest.param("p.yaml", "a: 1\nb: [\n", 3, "isn't YAML", id="yaml"),
        pytest.param("p.yaml", "", 1, "is empty", id="yaml empty"),
        pytest.param("p.yaml", "# nothing\n", 1, "is empty", id="yaml comment"),
        pytest.param("p.yaml", "- a\n", 1, "is a list", id="yaml list"),
        pytest.param("p.yml", "a:\n  b: 1\n  c: 2\n  b: 3\n", 4, "'a.b' stands twice", id="yaml key twice"),
        pytest.param("p.yaml", "a: 2026-13-01\n", None, "isn't YAML", id="yaml date that doesn't exist"),
        pytest.param("p.yaml", "a: !!python/name:os.system x\n", 1, "isn't YAML", id="yaml that runs code"),
        pytest.param("p.toml", "a = 1\nb = " + "[" * 5000, None, "nested too deeply", id="toml nested"),
        pytest.param("p.toml", "a = 1\nb = " + "1" * 5000, None, "isn't TOML", id="toml number too long"),
        pytest.param("p.json", "[" * 100_000, None, "nested too deeply", id="json nested"),
        pytest.param("p.json", '{"a":' * 40 + "1" + "}" * 40, None, "nested too deeply", id="json deep"),
        pytest.param("p.json", '{"a": ' + "1" * 5000 + "}", None, "isn't JSON", id="json number too long"),
        pytest.param("p.json", r'{"a": {"b": "\ud800"}}', None, "a.b holds half", id="json half a character"),
        pytest.param("p.json", r'{"a": {"\udfff": 1}}', None, "a holds half", id="json half a key"),
        pytest.param("p.yaml", "[" * 3000, None, "nested too deeply", id="yaml nested"),
        pytest.param("p.yaml", "a: &a [*a]", None, "holds itself", id="yaml that holds itself"),
        pytest.param("p.yaml", MERGES, 5, "'a.b' stands twice", id="yaml that merges itself"),
        pytest.param("p.yaml", "a: &a\n  b: [*a]\n  b: 2\n", 1, "holds itself", id="yaml that held itself"),
        pytest.param("p.yaml", LAUGHED, 1, "holds itself", id="yaml of laughs that were taken back"),
        pytest.param("p.yaml", "a: &a {b: {<<: *a}}", None, "holds itself", id="yaml merged into itself"),
        pytest.param("p.yaml", LAUGHS, None, "holds itself", id="yaml of a billion laughs"),
        pytest.param("p.yaml", r'a: "\ud800"', None, "half a character", id="yaml half a character"),
        *(
            pytest.param("p.yaml", f"a: !!{wrong}", None, "what its tag says", id=f"yaml {wrong}")
            for wrong in ("timestamp x", "bool x", "int ''", "float ''")
        ),
    ],
)
def test_unreadable(tmp_path: Path, name: str, content: str | bytes, line: int | None, says: str) -> None:
    problem = refused(write(tmp_path, name, content))

    assert says in problem.reason
    assert problem.line == line


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param({"site": {"name": "\ud800"}}, "site.name holds half a character", id="half a character"),
        pytest.param({"site": {"\udc80": 1}}, "site holds half a character", id="half a key"),
    ],
)
def test_an_unusable_dict(data: dict[str, object], says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        read_dict(data)


def test_a_dict_that_holds_itself() -> None:
    data: dict[str, object] = {}
    data["site"] = data
    with pytest.raises(PolicyError, match="holds itself"):
        read_dict(data)


def test_no_file(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.toml").reason


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").mkdir()

    assert "can't be read" in refused(tmp_path / "policy.toml").reason


def test_yaml_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    assert "cookieguard[yaml]" in refused(write(tmp_path, "p.yaml", "a: 1\n")).remedy


@pytest.mark.parametrize("name", ["p.TOML", "p.Json", "p.YML"])
def test_suffix_in_any_case(tmp_path: Path, name: str) -> None:
    content = {"toml": "a = 1", "json": '{"a": 1}', "yml": "a: 1"}[name[2:].lower()]

    assert read_file(write(tmp_path, name, content)).data == {"a": 1}


@pytest.mark.parametrize(
    ("name", "content"), [("p.toml", "a = 1"), ("p.json", '{"a": 1}'), ("p.yaml", "a: 1")]
)
def test_byte_order_mark(tmp_path: Path, name: str, content: str) -> None:
    assert read_file(write(tmp_path, name, "\ufeff" + content)).data == {"a": 1}


def test_an_empty_toml_file_is_an_empty_table(tmp_path: Path) -> None:
    assert read_file(write(tmp_path, "p.toml", "")).data == {}


@pytest.mark.parametrize(
    "last",
    [
        pytest.param('c = [ # ]\n \'[\', "]", "\\"]",\n', id="array"),
        pytest.param("c = [[], ''''']''''', \"\"\"]\\\"\"\"\"\"\",\n{ a = 1 },\n[", id="array of many"),
        pytest.param("c = [\n'''\n]\n", id="text in an array"),
        pytest.param('c = """\n]\n', id="text"),
        pytest.param("c = '''", id="raw text"),
        pytest.param('c = "a', id="line of text"),
        pytest.param("c = { a = 1,", id="table"),
        pytest.param("c =", id="no value"),
        pytest.param("[c", id="header"),
    ],
)
def test_toml_that_is_cut_off_is_told_where_its_last_statement_begins(tmp_path: Path, last: str) -> None:
    problem = refused(write(tmp_path, "p.toml", TOML + last))

    assert "at end of document" in problem.reason
    assert problem.line == TOML.count("\n") + 1


@pytest.mark.parametrize(
    "wrong", ["lifetime = 1 year", 'purpose = """'], ids=["a line", "a text without end"]
)
def test_where_a_mistake_stands_costs_one_reading(tmp_path: Path, wrong: str) -> None:
    def load(size: int) -> None:
        half = '[[cookies]]\nname = "a"\n' * (size // 2)
        assert refused(write(tmp_path, "p.toml", f"{half}{wrong}\n{half}")).line == size // 2 * 2 + 1

    assert grows_linearly(load, 2000)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a b\u00c4", "c", "d", "x y", "z", 2, "k"), 1),
        (("a b\u00c4", "c", "d", "w"), 1),
        (("3", "14"), 2),
        (("e",), 3),
        (("a", "]", "x", 1), 6),
        (("a", "]", "x", 3), 9),
        (("y", 1, "z", "q"), 13),
        (("y", 2), 14),
    ],
    ids=lambda value: value if isinstance(value, int) else spell(value),
)
def test_toml_of_any_shape(tmp_path: Path, path: KeyPath, line: int) -> None:
    content = """\
"a b\\u00c4" . 'c'."d" = {"x y"={z=[1,2,{k=1979-05-27 07:32:00}]}, w="}"} # }
3.14=""
e=''''''
[ a . "]" ]
x=[ # ]
\"""a\""\""", '''b]''''',
-1.5e3

,[],]
[[ y ]]
[[y]]
[y.z]
q=[]
[[y]]"""
    assert read_file(write(tmp_path, "p.toml", content)).line(path) == line


@pytest.mark.parametrize(
    ("begin", "each", "end", "path"),
    [
        pytest.param("cookies = [", '{ name = "a" },', "]", ("cookies", 0), id="tables in an array"),
        pytest.param("exclude = [", '"/a", # ]', "]", ("exclude", 0), id="texts in an array"),
        pytest.param('purpose = """', "words", '"""', (), id="text"),
        pytest.param("[site]", '[[cookies]]\n"name" = "a"', "", ("cookies", 0), id="headers"),
    ],
)
def test_where_entries_stand_costs_one_reading(
    tmp_path: Path, begin: str, each: str, end: str, path: KeyPath
) -> None:
    def load(size: int) -> None:
        content = "\n".join([begin, *[each] * size, end, "[last]"])
        document = read_file(write(tmp_path, "p.toml", content))
        assert document.line(("last",)) == content.count("\n") + 1
        assert document.line(path) == (2 if path else None)

    assert grows_linearly(load, 4000)


def test_where_entries_of_json_stand_costs_one_reading(tmp_path: Path) -> None:
    def load(size: int) -> None:
        content = '{"cookies": [\n' + '{"name":\n"a"},\n' * size + '"last"]}'
        document = read_file(write(tmp_path, "p.json", content))
        assert document.line(("cookies", size)) == content.count("\n") + 1

    assert grows_linearly(load, 16_000)


def test_what_is_merged_is_read_once(tmp_path: Path) -> None:
    merged = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 11))

    assert read_file(write(tmp_path, "p.yaml", f"a0: &a0 {{b: 1}}\n{merged}")).data["a10"] == {"b": 1}
