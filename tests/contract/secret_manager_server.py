"""Secret Manager as its REST reference describes it, as far as we call it. No emulator exists.

GET /v1/{secret}/versions?filter=state:ENABLED&pageSize=N lists versions, the newest first, without
their content; GET /v1/{secret}/versions/{n}:access gives the content in base64. A version that
is disabled or destroyed answers 400 (FAILED_PRECONDITION), an unknown one 404.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NAME = "projects/demo/secrets/dumont-master-key"
TOKEN = "a-token-of-the-function"


@dataclass
class KeptVersion:
    content: bytes
    created_at: datetime
    state: str = "ENABLED"


@dataclass
class SecretManagerServer:
    """Serves one secret on a port of 127.0.0.1; `status` answers every call when it is set."""

    versions: list[KeptVersion] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    status: int | None = None
    body: bytes | None = None

    def __enter__(self) -> SecretManagerServer:
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = kept.answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Tests read `calls`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, content: bytes, created_at: datetime) -> int:
        """The number of a new version."""
        self.versions.append(KeptVersion(content, created_at))
        return len(self.versions)

    def answer(self, target: str, authorization: str) -> tuple[int, bytes]:
        parts = urlsplit(target)
        self.calls.append(parts.path.removeprefix(f"/v1/{NAME}"))
        if self.status is not None or self.body is not None:
            return self.status or 200, self.body or b"{}"
        if authorization != f"Bearer {TOKEN}":
            return 401, b"{}"
        if parts.path == f"/v1/{NAME}/versions":
            return 200, json.dumps(self._listed(parse_qs(parts.query))).encode()
        return self._accessed(parts.path.removeprefix(f"/v1/{NAME}/versions/"))

    def _listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        assert query["filter"] == ["state:ENABLED"], query
        rows = [
            {
                "name": f"projects/123456/secrets/dumont-master-key/versions/{number}",
                "createTime": f"{each.created_at:%Y-%m-%dT%H:%M:%S}.123456789Z",
                "state": each.state,
                "etag": '"1"',
            }
            for number, each in enumerate(self.versions, 1)
            if each.state == "ENABLED"
        ]
        rows.reverse()
        size = int(query["pageSize"][0])
        return {"versions": rows[:size], "totalSize": len(rows)} if rows else {}

    def _accessed(self, asked: str) -> tuple[int, bytes]:
        number, _, verb = asked.partition(":")
        if verb != "access" or not 0 < int(number) <= len(self.versions):
            return 404, b'{"error": {"status": "NOT_FOUND"}}'
        version = self.versions[int(number) - 1]
        if version.state != "ENABLED":
            return 400, b'{"error": {"status": "FAILED_PRECONDITION"}}'
        payload = {"data": base64.b64encode(version.content).decode(), "dataCrc32c": "1"}
        name = f"projects/123456/secrets/dumont-master-key/versions/{number}"
        return 200, json.dumps({"name": name, "payload": payload}).encode()
