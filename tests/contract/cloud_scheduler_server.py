"""Cloud Scheduler as its REST reference describes it, as far as we call it. No emulator exists.

GET /v1/{parent}/jobs lists in pages; POST /v1/{job}:pause and :resume answer with the job. A job in
another state than the call expects is answered 400 (FAILED_PRECONDITION) only where it was disabled
by the system; an unknown one 404.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PARENT = "projects/demo/locations/us-central1"
PAGE = 2


def a_job(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": f"{PARENT}/jobs/{name}",
        "schedule": "* * * * *",
        "timeZone": "Etc/UTC",
        "state": "ENABLED",
        "scheduleTime": "2026-01-02T03:05:00.123456Z",
        **changes,
    }


@dataclass
class CloudSchedulerServer:
    """`status` answers every call when it is set; `calls` are method and path."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    status: int | None = None

    def __enter__(self) -> CloudSchedulerServer:
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("GET")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer("POST")

            def _answer(self, method: str) -> None:
                status, body = kept.answer(method, self.path)
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Tests read `calls`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, address: str) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(address)
        path = parts.path.removeprefix("/v1/")
        self.calls.append(f"{method} {path}")
        if self.status is not None:
            return self.status, _error(self.status)
        if (method, path) == ("GET", f"{PARENT}/jobs"):
            return 200, self._page(parse_qs(parts.query))
        name, _, verb = path.partition(":")
        job = self.jobs.get(name.removeprefix(f"{PARENT}/jobs/"))
        if method != "POST" or job is None:
            return 404, _error(404)
        job["state"] = {"pause": "PAUSED", "resume": "ENABLED"}[verb]
        return 200, job

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        first = int(query.get("pageToken", ["0"])[0])
        found = list(self.jobs.values())[first : first + PAGE]
        more = {"nextPageToken": str(first + PAGE)} if first + PAGE < len(self.jobs) else {}
        return {"jobs": found, **more}


def _error(status: int) -> dict[str, Any]:
    return {"error": {"code": status, "message": "told by the test", "status": "TOLD"}}
