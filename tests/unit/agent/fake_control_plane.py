"""A control plane and a blob store on 127.0.0.1, small enough to be trusted by reading."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import urllib.parse
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from shared.agent_wire import codec
from shared.agent_wire.messages import (
    OK,
    PATH_BOOT_FAILED,
    PATH_EVENTS,
    PATH_HEARTBEAT,
    PATH_HELLO,
    PATH_UPLOADS,
    AgentEvent,
    BootFailed,
    Command,
    DataKey,
    EventsAnswer,
    EventsRequest,
    Grant,
    HeartbeatAnswer,
    HeartbeatRequest,
    HelloAnswer,
    HelloRequest,
    IdlePolicy,
    Plan,
    RestorePlan,
    UploadsAnswer,
    UploadsRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "snapshots/inst_1/1-rent_1/"
RESTLESS = IdlePolicy(
    enabled=True,
    gpu_threshold_percent=5,
    cpu_threshold_percent=50,
    network_threshold_kib_s=1000,
    window_s=600,
    minimum_run_s=0,
)


class FakeControlPlane:
    """`fault` may answer a call in our stead: (status, content), or None for the ordinary way."""

    def __init__(self, workspace: str) -> None:
        self.lock = threading.RLock()
        self.hellos: list[HelloRequest] = []
        self.beats: list[HeartbeatRequest] = []
        self.events: dict[str, AgentEvent] = {}
        self.deliveries: list[str] = []
        self.boot_failures: list[BootFailed] = []
        self.acks: set[str] = set()
        self.waiting: list[Command] = []
        self.deliver_again = 0
        self.objects: dict[str, bytes] = {}
        self.token = "token-1"
        self.status = OK
        self.beat_s = 0.2
        self.grant_s = 900.0
        self.blob_delay_s = 0.0
        self.server_time: Callable[[], float] = time.time
        self.fault: Callable[[str], tuple[int, bytes] | None] = lambda _: None
        self.fault_get: Callable[[str], bool] = lambda _: False
        self.head_manifest_key = ""
        self.keys: tuple[DataKey, ...] = ()
        self.plan = Plan(
            instance_id="inst_1",
            rental_id="rent_1",
            epoch=1,
            workspace=workspace,
            restore=None,
            env={},
            onstart="",
            ssh_public_key="ssh-ed25519 AAAA test",
            idle=RESTLESS,
            exclude=(),
        )
        self.url = ""
        self._port = 0
        self._server: ThreadingHTTPServer | None = None

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        self._server = _Server(self._port, self)
        self._port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self._port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    # --- what a test may ask ------------------------------------------------------------------

    def order(self, command: Command) -> None:
        with self.lock:
            self.waiting.append(command)

    def events_of(self, kind: str) -> list[AgentEvent]:
        with self.lock:
            return [event for event in self.events.values() if event.kind == kind]

    def restore_from(self, manifest_key: str, snapshot_id: str) -> None:
        restore = RestorePlan(snapshot_id, manifest_key, self.grant(write=False), self.keys)
        self.plan = replace(self.plan, rental_id="rent_2", restore=restore)

    def grant(self, *, write: bool) -> Grant:
        return Grant(
            base_url=f"{self.url}/blobs",
            token="grant-token",
            prefix=PREFIX if write else "snapshots/inst_1/",
            write=write,
            max_object_bytes=1 << 28,
            expires_at=self.server_time() + self.grant_s,
        )

    # --- answers ------------------------------------------------------------------------------

    def answer(self, path: str, bearer: str, content: bytes) -> tuple[int, bytes]:
        with self.lock:
            forced = self.fault(path)
            if forced is not None:
                return forced
            if path == PATH_HELLO:
                return 200, codec.encode(self._hello(codec.decode(HelloRequest, content)))
            if path == PATH_BOOT_FAILED:
                self.boot_failures.append(codec.decode(BootFailed, content))
                return 204, b""
            if bearer != self.token:
                return 401, b"{}"
            return 200, codec.encode(self._known_machine(path, content))

    def _hello(self, request: HelloRequest) -> HelloAnswer:
        self.hellos.append(request)
        return HelloAnswer(
            status=self.status,
            server_time=self.server_time(),
            machine_token=self.token,
            next_beat_s=self.beat_s,
            plan=self.plan,
        )

    def _known_machine(self, path: str, content: bytes) -> Any:
        if path == PATH_HEARTBEAT:
            return self._beat(codec.decode(HeartbeatRequest, content))
        if path == PATH_EVENTS:
            return self._record(codec.decode(EventsRequest, content))
        assert path == PATH_UPLOADS
        codec.decode(UploadsRequest, content)
        return UploadsAnswer(
            status=self.status,
            server_time=self.server_time(),
            write=self.grant(write=True),
            read=self.grant(write=False),
            parent_manifest_key=self.head_manifest_key,
            created_at=self.server_time(),
            keys=self.keys,
        )

    def _beat(self, request: HeartbeatRequest) -> HeartbeatAnswer:
        self.beats.append(request)
        self.acks.update(request.acks)
        if self.deliver_again > 0 and request.acks:
            self.deliver_again -= 1
        else:
            self.waiting = [each for each in self.waiting if each.id not in request.acks]
        return HeartbeatAnswer(
            status=self.status,
            server_time=self.server_time(),
            next_beat_s=self.beat_s,
            receipt=f"receipt-{request.state_seq}",
            commands=tuple(self.waiting),
        )

    def _record(self, request: EventsRequest) -> EventsAnswer:
        for event in request.events:
            self.deliveries.append(event.id)
            self.events.setdefault(event.id, event)
        ids = tuple(event.id for event in request.events)
        return EventsAnswer(self.status, self.server_time(), ids)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def plane(self) -> FakeControlPlane:
        assert isinstance(self.server, _Server)
        return self.server.plane

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, answer = self.plane.answer(self.path, bearer, content)
        self._send(status, answer, {"Content-Type": "application/json"})

    def do_GET(self) -> None:
        if self.plane.fault_get(self._key()):
            self._send(503, b"", {})
            return
        content = self._object()
        wanted = self.headers.get("Range", "")
        if content is not None and wanted:
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            part = content[int(start) : int(end) + 1 if end else None]
            self._send(206, part, _described(content))
        elif content is not None:
            self._send(200, content, _described(content))

    def do_HEAD(self) -> None:
        content = self._object()
        if content is not None:
            self._send(200, b"", {**_described(content), "Content-Length": str(len(content))})

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        key = self._key()
        threading.Event().wait(self.plane.blob_delay_s)
        with self.plane.lock:
            forced = self.plane.fault("PUT")
            if forced is not None:
                self._send(forced[0], forced[1], {})
            elif self.headers.get("x-goog-if-generation-match") != "0":
                self._send(400, b"", {})
            elif key in self.plane.objects:
                self._send(412, b"", {})
            elif not key.startswith(PREFIX):
                self._send(403, b"", {})
            else:
                self.plane.objects[key] = content
                self._send(200, b"", _described(content))

    def _object(self) -> bytes | None:
        if self.headers.get("Authorization") != "Bearer grant-token":
            self._send(403, b"", {})
            return None
        content = self.plane.objects.get(self._key())
        if content is None:
            self._send(404, b"", {})
        return content

    def _key(self) -> str:
        return urllib.parse.unquote(self.path).removeprefix("/blobs/")

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, plane: FakeControlPlane) -> None:
        self.plane = plane
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that is killed in the middle of a call is what these tests are about."""


def _described(content: bytes) -> dict[str, str]:
    md5 = hashlib.md5(content, usedforsecurity=False).digest()
    return {
        "x-goog-hash": f"crc32c=AAAAAA==,md5={base64.b64encode(md5).decode()}",
        "x-goog-stored-content-length": str(len(content)),
        "x-goog-generation": "1",
        "ETag": json.dumps(md5.hex()),
    }
