"""The shop as PasteDeploy wants its apps: made by a factory."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from shop import app


def shop(global_conf: Mapping[str, str]) -> Flask:
    return app
