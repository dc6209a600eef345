"""I hate money, a real Flask app, unedited; beside its session it sets two cookies, as many a site's own layer does."""

from __future__ import annotations

import fcntl
import logging
import os
import warnings
from pathlib import Path

from flask import Flask, Response
from ihatemoney.run import create_app

FOLDER = Path(os.environ["BENCHMARK_FOLDER"])
SETTINGS = """
SECRET_KEY = "benchmark-key-of-thirty-two-bytes"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/money.db"
SESSION_COOKIE_SECURE = False
"""


def made() -> Flask:
    settings = FOLDER / "settings.cfg"
    settings.write_text(SETTINGS.format(folder=FOLDER))
    os.environ["IHATEMONEY_SETTINGS_FILE_PATH"] = str(settings)
    # Each start migrates the database, and workers start together.
    with (FOLDER / "starting").open("w") as starting, warnings.catch_warnings():
        fcntl.flock(starting, fcntl.LOCK_EX)
        warnings.simplefilter("ignore")
        app: Flask = create_app()
    logging.disable()
    return app


app = made()


@app.after_request
def with_cookies(response: Response) -> Response:
    response.set_cookie("theme", "dark", max_age=15552000)
    response.set_cookie("_ga", "GA1.1.1604.1795305600", max_age=34560000)
    return response
