"""Looks after the emulators of a running stack.

Events are hints and objects are files, so Pub/Sub and Cloud Storage are started again where they
were. What Firestore held is lost with it: the stack then ends, rather than act on an empty store.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.local.emulated import world
from infra.local.emulators import running
from infra.local.emulators.programs import NotInstalled
from infra.local.emulators.running import EmulatorDown
from infra.local.emulators.sources import EMULATORS, FIRESTORE, Installed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infra.local.emulators.running import Record
    from infra.local.emulators.sources import Emulator

log = logging.getLogger(__name__)
LOOK_S = 1.0


class Watch:
    """A thread, until it is stopped. `declare` makes what Pub/Sub has forgotten.

    Containers are their daemon's affair, and emulators that somebody else runs are theirs.
    """

    def __init__(self, data: Path, declare: Callable[[], None]) -> None:
        self._data = data
        self._declare = declare
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="emulators", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _look_after(self) -> None:
        while not self._stopped.wait(LOOK_S):
            for emulator in EMULATORS:
                record = running.recorded(world.folder_of(self._data, emulator))
                if record is not None and record.pid and not record.process.alive:
                    self._ended(emulator, record)

    def _ended(self, emulator: Emulator, record: Record) -> None:
        if self._stopped.is_set():
            return
        if emulator is FIRESTORE:
            log.critical("the Firestore emulator ended with all that it held: the stack ends too")
            self._stopped.set()
            os.kill(os.getppid(), signal.SIGTERM)
            return
        log.warning("the %s emulator ended and is started again", emulator.name)
        from google.api_core.exceptions import GoogleAPIError

        port = urlsplit(emulator.url(record.address)).port
        assert port is not None
        try:
            source = Installed(emulator.installed())
            folder = world.folder_of(self._data, emulator)
            again = running.begin(emulator, source, folder, port=port)
            running.await_answer(emulator, again)
            self._declare()
        except (NotInstalled, EmulatorDown, GoogleAPIError, OSError) as error:
            log.warning("the %s emulator is not back yet: %s", emulator.name, error)
