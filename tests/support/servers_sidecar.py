"""The apps of `servers_app` unguarded under waitress, and the sidecar in front: `python servers_sidecar.py FD`."""

from __future__ import annotations

import sys
import threading
from typing import Any

import uvicorn
from asking import policy_of
from contract import SECRET
from htmlapps import paged_policy
from servers_app import PAGES, page, unguarded
from waitress.server import create_server

from cookieguard.sidecar import Sidecar, Upstream


def app(environ: dict[str, Any], start_response: Any) -> Any:
    return (page if environ["PATH_INFO"] in PAGES else unguarded)(environ, start_response)


if __name__ == "__main__":
    upstream: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=upstream.run, daemon=True).start()
    address = f"http://127.0.0.1:{upstream.effective_port}"
    contracted, pages = (
        Sidecar(Upstream(address), policy, secret_key=SECRET) for policy in (policy_of(), paged_policy())
    )

    async def either(scope: Any, receive: Any, send: Any) -> None:
        await (pages if scope.get("path") in PAGES else contracted)(scope, receive, send)

    uvicorn.run(either, fd=int(sys.argv[1]), log_level="critical", server_header=False, date_header=False)
