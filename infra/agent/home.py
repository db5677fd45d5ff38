"""The agent's folder on the machine's disk: its key, its memory, its events on their way.

Everything is written beside and moved into place, so that a kill at any moment leaves the old
or the new. A file that cannot be read counts as absent: an agent that refuses to start because
of one bad file would be worse than one that forgets.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from infra.agent.core.facts import Memory
from shared.agent_wire import codec
from shared.agent_wire.messages import AgentEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

DEFAULT_HOME = Path("/var/lib/dumont")
SPOOL_LIMIT = 600  # a little more than the core keeps


class HomeBusy(Exception):
    """Another agent runs on this machine."""


def choose_home(environ: Mapping[str, str]) -> Path:
    """DUMONT_AGENT_HOME, else /var/lib/dumont, else ~/.dumont. Raises OSError when none will do."""
    named = environ.get("DUMONT_AGENT_HOME", "")
    if named:
        return _made(Path(named))
    try:
        return _made(DEFAULT_HOME)
    except OSError:
        return _made(Path(environ.get("HOME") or "/tmp") / ".dumont")  # noqa: S108


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._spool = _made(folder / "events")
        self._order: dict[str, Path] = {}
        self._next = 0
        self._lock_fd = -1

    def lock(self) -> None:
        """One agent per machine. The lock ends with the process. Raises HomeBusy."""
        fd = os.open(self.folder / "agent.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise HomeBusy(str(self.folder)) from error
        self._lock_fd = fd

    def agent_key(self) -> str:
        """Made at the first boot; the same for as long as the disk lives."""
        path = self.folder / "agent.key"
        with contextlib.suppress(OSError, UnicodeDecodeError):
            kept = path.read_text().strip()
            if len(kept) >= 32:
                return kept
        made = secrets.token_urlsafe(32)
        write_durably(path, made.encode())
        return made

    def memory(self) -> Memory:
        return _read(Memory, self.folder / "memory.json") or Memory()

    def keep(self, memory: Memory) -> None:
        write_durably(self.folder / "memory.json", codec.encode(memory))

    def spooled(self) -> tuple[AgentEvent, ...]:
        """Events that no answer has recorded, the oldest first."""
        events = []
        for path in sorted(self._spool.glob("*.json"))[-SPOOL_LIMIT:]:
            event = _read(AgentEvent, path)
            self._next = max(self._next, _number(path) + 1)
            if event is None:
                path.unlink(missing_ok=True)
            else:
                self._order[event.id] = path
                events.append(event)
        return tuple(events)

    def spool(self, event: AgentEvent) -> None:
        path = self._order.get(event.id)
        if path is None:
            path = self._spool / f"{self._next:012}.json"
            self._next += 1
        write_durably(path, codec.encode(event))
        self._order[event.id] = path

    def unspool(self, ids: tuple[str, ...]) -> None:
        for each in ids:
            path = self._order.pop(each, None)
            if path is not None:
                path.unlink(missing_ok=True)


def write_durably(path: Path, content: bytes) -> None:
    """Replace the file, mode 0600; the old content or the new survives any death."""
    beside = path.with_name(path.name + ".new")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _read(kind: type[T], path: Path) -> T | None:
    try:
        return codec.decode(kind, path.read_bytes())
    except (OSError, codec.WireError, UnicodeDecodeError):
        return None


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written")
    return folder
