"""`python -m cookieguard`."""

from .cli import run

run()
