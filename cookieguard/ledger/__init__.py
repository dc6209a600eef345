"""Proof of consent: receipts, chained so that no change of them goes unseen."""
