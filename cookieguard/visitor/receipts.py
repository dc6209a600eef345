"""A visitor's own receipts, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from ..ledger.receipt import Receipt, Shown


def receipts_as_json(receipts: Sequence[Receipt], text: Callable[[str], Shown | None]) -> str:
    """Write receipts with the texts that were shown, each once, by its hash."""
    hashes = dict.fromkeys(receipt.text for receipt in receipts if receipt.text)
    shown = {hash: found.content for hash in hashes if (found := text(hash))}
    told = [receipt.plain() for receipt in receipts]
    return json.dumps({"receipts": told, "texts": shown}, ensure_ascii=False)
