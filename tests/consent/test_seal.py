"""The signed text: what goes in comes out, and nothing else does."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from cookieguard import ConfigurationError
from cookieguard.consent.consent import Choice, Record
from cookieguard.consent.seal import Seal

KEY, OTHER_KEY = "k" * 32, "o" * 32
HOST = "www.example.com"
DAY = date(2026, 11, 22)
RECORD = Record(DAY, (Choice("analytics", True, "3f9aK1x0PQ4"), Choice("marketing", False, "Zx81mGh2LwQ")))
SEALED = Seal(KEY).dumps(RECORD, HOST)

tokens = st.text(string.ascii_letters + string.digits + "-_", min_size=11, max_size=11)
categories = st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True)
choices = st.one_of(
    st.builds(Choice, categories, st.just(True), tokens, st.booleans()),
    st.builds(Choice, categories, st.just(False), tokens),
)
records = st.builds(
    Record,
    st.dates(min_value=date(2000, 1, 1)),
    st.lists(choices, max_size=10, unique_by=lambda choice: choice.category).map(tuple),
)
hosts = st.sampled_from([HOST, "example.com", "localhost", "[::1]", "bücher.example"])


@given(records, hosts)
def test_round_trip(record: Record, host: str) -> None:
    seal = Seal(KEY)

    assert seal.loads(seal.dumps(record, host), host) == record


def test_is_readable_text() -> None:
    assert SEALED.startswith("1.2026-11-22.+analytics:3f9aK1x0PQ4.-marketing:Zx81mGh2LwQ.")


@given(records)
def test_can_stand_in_a_cookie(record: Record) -> None:
    allowed = set(string.ascii_letters + string.digits + ".+*-:_")

    assert set(Seal(KEY).dumps(record, HOST)) <= allowed


@given(st.one_of(st.text(), st.binary().map(lambda octets: octets.decode("latin-1"))))
def test_any_text_is_no_consent(text: str) -> None:
    assert Seal(KEY).loads(text, HOST) is None


@given(st.text(string.ascii_letters + string.digits + "-_=.", min_size=1, max_size=60))
def test_any_signature_is_no_consent(signature: str) -> None:
    assert Seal(KEY).loads(f"1.2026-11-22.+analytics:3f9aK1x0PQ4.{signature}", HOST) is None


@pytest.mark.parametrize("at", range(len(SEALED)))
def test_any_character_changed(at: int) -> None:
    for char in string.printable + "\xa0é":
        if char != SEALED[at]:
            assert Seal(KEY).loads(SEALED[:at] + char + SEALED[at + 1 :], HOST) is None, char


@pytest.mark.parametrize("at", range(len(SEALED)))
def test_truncated_or_lengthened(at: int) -> None:
    seal = Seal(KEY)

    assert seal.loads(SEALED[:at], HOST) is None
    assert seal.loads(SEALED[at + 1 :], HOST) is None
    for char in ".=A \n":
        assert seal.loads(SEALED[: at + 1] + char + SEALED[at + 1 :], HOST) is None, char


@pytest.mark.parametrize(
    "seal",
    [
        pytest.param(Seal(OTHER_KEY), id="other-key"),
        pytest.param(Seal([KEY, OTHER_KEY][1:]), id="dropped-key"),
    ],
)
def test_forged(seal: Seal) -> None:
    assert seal.loads(SEALED, HOST) is None


@pytest.mark.parametrize("host", ["example.com", "evil.example", "", "www.example.com|", "WWW.example.com"])
def test_of_another_host(host: str) -> None:
    assert Seal(KEY).loads(SEALED, host) is None


def test_signed_as_itsdangerous_signs() -> None:
    text, _, signature = SEALED.rpartition(".")
    signer = Signer(KEY, salt=b"cookieguard.consent", key_derivation="hmac", digest_method=hashlib.sha256)

    assert signer.get_signature(f"{HOST}|{text}").decode() == signature


def test_signed_under_another_salt() -> None:
    text = SEALED.rpartition(".")[0]
    elsewhere = Signer(KEY, salt=b"session", key_derivation="hmac", digest_method="sha256")

    for signed in (text, f"{HOST}|{text}"):
        signature = elsewhere.get_signature(signed).decode()
        assert Seal(KEY).loads(f"{text}.{signature}", HOST) is None


@pytest.mark.parametrize(
    ("keys", "reads"),
    [
        pytest.param([KEY, OTHER_KEY], True, id="old-key-still-listed"),
        pytest.param([OTHER_KEY, KEY], True, id="newest"),
        pytest.param([KEY.encode()], True, id="bytes"),
        pytest.param([OTHER_KEY], False, id="rotated-out"),
    ],
)
def test_rotation(keys: Sequence[str | bytes], reads: bool) -> None:
    assert (Seal(keys).loads(SEALED, HOST) == RECORD) == reads


def test_the_newest_key_signs() -> None:
    sealed = Seal([OTHER_KEY, KEY]).dumps(RECORD, HOST)

    assert sealed == SEALED


def test_ten_categories_take_under_400_bytes() -> None:
    record = Record(DAY, tuple(Choice(f"category-{n:02}", True, "x" * 11) for n in range(10)))

    assert len(f"__Host-cookieguard={Seal(KEY).dumps(record, HOST)}".encode()) < 400


@given(records)
def test_identifies_nobody(record: Record) -> None:
    # Two processes, two visitors, one choice: the same bytes.
    assert Seal(KEY).dumps(record, HOST) == Seal(KEY).dumps(record, HOST)


@pytest.mark.parametrize("day", ["2026-02-30", "0000-00-00", "2026-1-1", "20261122", "２０２６-11-22"])
def test_no_such_day(day: str) -> None:
    seal = Seal(KEY)
    text = f"1.{day}.+analytics:3f9aK1x0PQ4"
    written = seal.dumps(RECORD, HOST).replace("2026-11-22", day)

    assert seal.loads(written, HOST) is None
    assert seal.loads(_signed(seal, text), HOST) is None


def test_another_version_is_no_consent() -> None:
    seal = Seal(KEY)

    assert seal.loads(_signed(seal, "1.2026-11-22"), HOST) == Record(DAY)
    assert seal.loads(_signed(seal, "2.2026-11-22"), HOST) is None
    assert seal.loads(_signed(seal, "1"), HOST) is None


def _signed(seal: Seal, text: str) -> str:
    """Sign what `dumps` would never write."""
    signed = f"{HOST}|{text}".encode("ascii", "backslashreplace")
    return f"{text}.{seal._signers[0].get_signature(signed).decode()}"


@pytest.mark.parametrize(
    ("key", "id"),
    [
        pytest.param("", "cookieguard.E003", id="empty"),
        pytest.param("k" * 15, "cookieguard.E003", id="15-bytes"),
        pytest.param(b"k" * 15, "cookieguard.E003", id="15-octets"),
        pytest.param([KEY, "short"], "cookieguard.E003", id="one-of-several"),
        pytest.param([], "cookieguard.E002", id="no-key"),
        pytest.param(None, "cookieguard.E002", id="none"),
        pytest.param([None], "cookieguard.E002", id="none-of-several"),
        pytest.param([12345678901234567890], "cookieguard.E002", id="number"),
    ],
)
def test_unusable_keys(key: object, id: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Seal(key)  # type: ignore[arg-type]

    assert caught.value.id == id


@pytest.mark.parametrize("key", ["k" * 16, b"k" * 16, "ü" * 8], ids=["str", "bytes", "counted-in-bytes"])
def test_16_bytes_suffice(key: str | bytes) -> None:
    assert Seal(key).loads(Seal(key).dumps(RECORD, HOST), HOST) == RECORD
