"""Serve the stack with gunicorn: worker processes with many threads each."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Protocol

from gunicorn.app.base import BaseApplication

from infra.local.web_app import open_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from gunicorn.arbiter import Arbiter

    from infra.local.settings import Local
    from infra.local.site import Site
    from infra.local.worker import Worker

THREADS = 24
LONGEST_LINE_BYTES = 8190
NOBODY = 1 << 30  # no process counts its connections at this place
SWITCH_S = 0.001
GRACE_S = 15  # the stack ends functions within it, where they are processes


class ServedStack(Protocol):
    """What answers on the port, with the background work that belongs to it."""

    @property
    def app(self) -> WSGIApplication: ...

    @property
    def site(self) -> Site: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Server(BaseApplication):
    """The stack is made in each worker; the threads of one of them carry its background work.

    `tell` reaches whoever started it.
    """

    def __init__(
        self,
        local: Local,
        make: Callable[[Local], ServedStack],
        tell: Callable[[str], None],
        ready: Callable[[], None],
        ended: Callable[[], None],
        workers: int = 1,
    ) -> None:
        self._local = local
        self._make = make
        self._tell = tell
        self._ready = ready
        self._ended = ended
        self._workers = workers
        self._stack: ServedStack | None = None
        self._held = multiprocessing.RawArray("i", [NOBODY] * workers)
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
            "graceful_timeout": GRACE_S,
            "keepalive": 30,
            "loglevel": "warning",
            "proc_name": "dumont",
            "control_socket_disable": True,
            "pre_fork": self._place,
            "post_worker_init": self._begin,
            "worker_exit": lambda _server, _worker: self._end(),
            "on_exit": lambda _: self._ended(),
        }
        config: Any = self.cfg
        for name, value in options.items():
            config.set(name, value)

    def load(self) -> WSGIApplication:
        self._stack = self._make(self._local)
        # A call takes a millisecond and pauses often, at each step of SQLite: beside a sweep that
        # computes, every pause would cost it the whole interval before it goes on.
        sys.setswitchinterval(SWITCH_S)
        # What is loaded stays: nobody need look through it for garbage while a caller waits.
        gc.collect()
        gc.freeze()
        return self._stack.app

    def _place(self, arbiter: Arbiter, worker: Worker) -> None:
        """Where it counts its connections: the place of one that is gone, or a new one."""
        taken = {each.place for each in arbiter.WORKERS.values()}
        worker.place = min(set(range(len(self._held))) - taken, default=0)
        worker.held = self._held
        self._held[worker.place] = 0

    def _begin(self, worker: Worker) -> None:
        """The others follow when the first one is ready, and share what it has set up."""
        first = worker.age == 1
        if self._stack:
            self._stack.start()
            open_beside(self._stack.site, self._local, self._tell if first else _say_nothing)
        if first:
            self._ready()
            for _ in range(self._workers - 1):
                os.kill(os.getppid(), signal.SIGTTIN)  # gunicorn's word for one more

    def _end(self) -> None:
        if self._stack:
            self._stack.stop()


def _say_nothing(_text: str) -> None:
    """What the first worker has told already."""
