"""Serve the stack with gunicorn: one worker process, many threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from infra.local.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from infra.local.settings import Local

THREADS = 24
LONGEST_LINE_BYTES = 8190


class Server(BaseApplication):
    """The stack is made in the worker, whose threads carry the bus and the schedules."""

    def __init__(self, local: Local, ready: Callable[[], None], ended: Callable[[], None]) -> None:
        self._local = local
        self._ready = ready
        self._ended = ended
        self._stack: Stack | None = None
        super().__init__()

    def load_config(self) -> None:
        assert self.cfg is not None
        options: dict[str, Any] = {
            "bind": f"127.0.0.1:{self._local.port}",
            "workers": 1,
            "threads": THREADS,
            "worker_class": "infra.local.worker.Worker",
            "limit_request_line": LONGEST_LINE_BYTES,
            "timeout": 0,
            "graceful_timeout": 5,
            "keepalive": 30,
            "loglevel": "warning",
            "proc_name": "dumont",
            "control_socket_disable": True,
            "post_worker_init": lambda _: self._begin(),
            "worker_exit": lambda _server, _worker: self._end(),
            "on_exit": lambda _: self._ended(),
        }
        config: Any = self.cfg
        for name, value in options.items():
            config.set(name, value)

    def load(self) -> WSGIApplication:
        self._stack = Stack(self._local)
        return self._stack.app

    def _begin(self) -> None:
        if self._stack:
            self._stack.start()
        self._ready()

    def _end(self) -> None:
        if self._stack:
            self._stack.stop()
