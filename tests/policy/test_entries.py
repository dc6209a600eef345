"""The JSON Schema that editors are given says what the loader says."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cookieguard.errors import PolicyError
from cookieguard.policy.entries import PolicyFile, json_schema
from cookieguard.policy.policy import Policy

SCHEMA = json_schema()

FULL: dict[str, Any] = {
    "$schema": "policy.schema.json",
    "use": ["flask", "google-analytics"],
    "import": [],
    "site": {"name": "Example Ltd", "contact": "privacy@example.com", "updated": "2026-11-01", "languages": ["en", "de"]},
    "guard": {
        "mode": "enforce", "undeclared": "block", "lifetimes": "cap", "request": "hide", "mount": "/privacy-choices",
        "inject": True, "exclude": ["/healthz"], "debug": False, "gate": "server",
    },
    "consent": {"lifetime": "6 months", "model": "opt-in", "gpc": "honour", "domain": "example.com"},
    "categories": {
        "analytics": {
            "title": "Statistics", "description": {"en": "Counts visits.", "de": "Z\u00e4hlt."}, "accepts": ["3f9aK1x_-90"],
            "sold": False, "consent_mode": ["analytics_storage"],
        }
    },
    "providers": {
        "optimizely": {
            "name": "Optimizely", "privacy_url": "https://optimizely.example/privacy",
            "opt_out_url": "https://optimizely.example/out", "hosts": ["cdn.optimizely.example"],
        }
    },
    "cookies": [
        {
            "kind": "cookie", "name": "optimizely[a-z]+", "match": "regex", "category": "analytics",
            "provider": "optimizely", "purpose": {"en": "Tells returning visitors apart."}, "lifetime": "6 months",
            "party": "first", "set_by": "server", "domain": ".example.com", "path": "/",
            "essential_under": ["/clientarea"], "secure": True, "http_only": True, "same_site": "Lax",
        }
    ],
    "ledger": {"url": "sqlite:///receipts.db", "retention": "3 years", "address": "none", "spool": "/var/spool/consent"},
    "announcement": {"effective": "2027-01-15", "summary": "We add a support chat."},
}  # fmt: skip


def errors(value: Any, schema: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Check the keywords of JSON Schema that ours uses; any other fails."""
    schema = dict(schema)
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    known = {"title", "description", "default", "examples", "$schema", "$defs", "format"}
    known |= {
        "type",
        "enum",
        "anyOf",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "items",
    }
    assert schema.keys() <= known, schema.keys() - known
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    if "anyOf" in schema and not any(not list(errors(value, part, path)) for part in schema["anyOf"]):
        yield f"{path}: none of several"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} isn't offered"
    if "type" in schema and not isinstance(value, types[schema["type"]]):
        yield f"{path}: {value!r} is no {schema['type']}"
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from errors(item, schema.get("items", {}), f"{path}[{index}]")
    if isinstance(value, dict) and "type" in schema:
        yield from (f"{path}: no {key}" for key in schema.get("required", []) if key not in value)
        for key, item in value.items():
            if not re.search(schema.get("propertyNames", {}).get("pattern", ""), key):
                yield f"{path}: {key!r} is no id"
            inner = schema.get("properties", {}).get(key, schema["additionalProperties"])
            yield from [f"{path}: unknown {key}"] if inner is False else errors(item, inner, f"{path}.{key}")


def changed(path: list[str | int], value: Any) -> dict[str, Any]:
    data = copy.deepcopy(FULL)
    inner: Any = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return data


def test_full_example_is_valid_and_loads() -> None:
    assert list(errors(FULL, SCHEMA)) == []
    assert Policy.from_dict(FULL).warnings == ()


def test_full_example_has_every_key() -> None:
    for name, definition in SCHEMA["$defs"].items():
        for key in definition.get("properties", {}):
            assert f'"{key}":' in json.dumps(FULL) or (name, key) == ("AnnouncementEntry", "policy"), (
                name,
                key,
            )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(["gaurd"], {}, id="unknown table"),
        pytest.param(["guard", "mont"], "/a", id="unknown key"),
        pytest.param(["cookies", 0, "secret"], True, id="unknown key of a cookie"),
        pytest.param(["guard", "mode"], "on", id="word not offered"),
        pytest.param(["guard", "inject"], "yes", id="text for true or false"),
        pytest.param(["site", "languages"], "en", id="text for a list"),
        pytest.param(["site", "languages"], [1], id="number in a list"),
        pytest.param(["cookies"], {"a": {"name": "a", "category": "analytics"}}, id="table for a list"),
        pytest.param(["cookies", 0], {"name": "a"}, id="required key missing"),
        pytest.param(["cookies", 0, "purpose"], ["P."], id="list for a text"),
        pytest.param(["cookies", 0, "lifetime"], 30, id="number for a duration"),
        pytest.param(["cookies", 0, "same_site"], "lax", id="same site"),
        pytest.param(["categories", "Stats"], {}, id="category's id"),
        pytest.param(["providers", "a b"], {"name": "A"}, id="provider's id"),
        pytest.param(["ledger"], {"url": "sqlite://"}, id="ledger without retention"),
    ],
)
def test_schema_refuses_what_the_loader_refuses(path: list[str | int], value: Any) -> None:
    data = changed(path, value)

    assert list(errors(data, SCHEMA))
    with pytest.raises(PolicyError):
        Policy.from_dict(data)


def test_no_table_takes_unknown_keys() -> None:
    for name, definition in SCHEMA["$defs"].items():
        if definition["type"] == "object":
            assert definition["additionalProperties"] is False, name


def test_schema_is_json_with_a_title_for_each_definition() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(definition["title"] == name for name, definition in SCHEMA["$defs"].items())
    assert {*SCHEMA["$defs"]["PolicyFile"]["properties"]} == {*PolicyFile.__struct_encode_fields__, "$schema"}
