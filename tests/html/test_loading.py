"""The table, and the names under which attributes wait."""

from __future__ import annotations

from cookieguard.html.loading import ATTRIBUTES, LOADING, LOADING_NAMES, LOADING_RELS, inert_name


def test_inert_names_are_as_long_and_load_nothing() -> None:
    for attribute in ATTRIBUTES:
        inert = inert_name(attribute)
        assert len(inert) == len(attribute)
        assert inert not in ATTRIBUTES
        assert sum(old != new for old, new in zip(attribute, inert, strict=True)) == 1


def test_each_name_is_found_again() -> None:
    assert {inert_name(attribute) for attribute in ATTRIBUTES} == set(LOADING_NAMES)
    assert all(inert_name(attribute) == inert for inert, attribute in LOADING_NAMES.items())


def test_xhtml_stays_well_formed() -> None:
    assert inert_name("xlink:href") == "xlink_href"
    assert not any(":" in name for name in LOADING_NAMES)


def test_all_is_in_lower_case() -> None:
    names = {*LOADING, *ATTRIBUTES, *LOADING_RELS}

    assert names == {name.lower() for name in names}
