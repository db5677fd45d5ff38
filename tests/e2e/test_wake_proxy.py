"""A plain HTTP request wakes a sleeping instance, and its own server answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx

from tests.e2e.waiting import until

if TYPE_CHECKING:
    from tests.e2e.person import Person

# On a machine that shares its network the outside port is the inside one (VAST_TCP_PORT_n).
# The second part of /events is made when somebody has asked for /go.
SERVE = """
cat > server.py <<'END'
import http.server, os, threading
GO = threading.Event()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if self.path == "/events":
            self.wfile.write(b"data: 1\\n\\n")
            GO.wait(60)
            self.wfile.write(b"data: 2\\n\\n")
            return
        if self.path == "/go":
            GO.set()
        self.wfile.write(b"asked and answered\\n")

port = int(os.environ.get("VAST_TCP_PORT_8080", "8080"))
http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()
END
exec python3 server.py
"""
WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket"}


def test_a_request_is_answered_by_an_instance_that_slept(person: Person) -> None:
    cloud = person.cloud
    accepted = cloud.instances.create(replace(person.order(), onstart=SERVE, ports=(8080,)))
    cloud.operations.wait(accepted.operation.id, timeout_s=120)
    assert accepted.instance
    instance_id = accepted.instance.id
    cloud.operations.wait(cloud.instances.hibernate(instance_id).operation.id, timeout_s=120)

    answers: list[int] = []
    stack = httpx.Client(base_url=person.stack.url, headers=person.bearer, timeout=90)

    def asked() -> httpx.Response | None:
        """As who gets a 503 asks again."""
        answer = stack.get(f"/proxy/{instance_id}/ask")
        answers.append(answer.status_code)
        return answer if answer.status_code == 200 else None

    with stack:
        found = until("an answer", asked, 150)
        parts = as_they_come(stack, instance_id)
        refused = stack.get(f"/proxy/{instance_id}/ws", headers=WEBSOCKET)

    assert found.text == "asked and answered\n"
    assert set(answers) <= {200, 503}
    assert parts == [b"data: 1\n\n", b"data: 2\n\n"]
    assert (refused.status_code, refused.json()["code"]) == (501, "upgrade_unsupported")
    assert cloud.serverless.get(instance_id).ready
    until("the lease's end", lambda: not cloud.serverless.get(instance_id).open_leases, 10)


def as_they_come(stack: httpx.Client, instance_id: str) -> list[bytes]:
    """Two events, of which the second is made because the first one was received."""
    with stack.stream("GET", f"/proxy/{instance_id}/events") as answer:
        parts = answer.iter_raw()
        first = next(parts)
        stack.get(f"/proxy/{instance_id}/go").raise_for_status()
        return [first, b"".join(parts)]
