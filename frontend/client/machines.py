"""The `/api/machines/history` area."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from frontend.client.models.base import read
from frontend.client.models.machines import (
    Attempt,
    BlacklistCheck,
    Blacklisted,
    HistorySummary,
    Machine,
    MachineStats,
)
from frontend.client.paging import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from frontend.client.transport import Transport

_ROOT = "/api/machines/history"


class Machines:
    """How machines launched for the caller, and which of them are passed over."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def summary(self, provider: str | None = None, hours: float | None = None) -> HistorySummary:
        """The last `hours` (24), counted."""
        query = {"provider": provider, "hours": hours}
        return read(HistorySummary, self._transport.get(f"{_ROOT}/summary", query))

    def attempts(
        self,
        provider: str | None = None,
        machine_id: str | None = None,
        hours: float | None = None,
    ) -> Iterator[Attempt]:
        """Every launch, the newest first, page by page. A machine needs its provider's name."""
        query = {"provider": provider, "machine_id": machine_id, "hours": hours}
        return walk(self._transport, f"{_ROOT}/attempts", Attempt, query)

    def reliable(
        self, provider: str | None = None, min_attempts: int | None = None
    ) -> Iterator[Machine]:
        """Machines that may be relied on, the best first."""
        return self._machines("reliable", provider, min_attempts)

    def problematic(
        self, provider: str | None = None, min_attempts: int | None = None
    ) -> Iterator[Machine]:
        """Machines that make trouble, the worst first."""
        return self._machines("problematic", provider, min_attempts)

    def stats(self, provider: str, machine_id: str) -> MachineStats:
        """One machine's history, tried or not."""
        return read(MachineStats, self._transport.get(_path("stats", provider, machine_id)))

    def blacklist(
        self, provider: str | None = None, source: str | None = None
    ) -> Iterator[Blacklisted]:
        """Every machine that is passed over now."""
        query = {"provider": provider, "source": source}
        return walk(self._transport, f"{_ROOT}/blacklist", Blacklisted, query)

    def check(self, provider: str, machine_id: str) -> BlacklistCheck:
        """Whether a machine is passed over, and why."""
        path = _path("blacklist/check", provider, machine_id)
        return read(BlacklistCheck, self._transport.get(path))

    def block(
        self,
        provider: str,
        machine_id: str,
        *,
        reason: str | None = None,
        hours: float | None = None,
    ) -> Blacklisted:
        """Pass it over for some hours; for ever without `hours`. It replaces an earlier word."""
        asked = {"reason": reason, "hours": hours}
        body = {name: value for name, value in asked.items() if value is not None}
        path = _path("blacklist", provider, machine_id)
        return read(Blacklisted, self._transport.spend("POST", path, body))

    def unblock(self, provider: str, machine_id: str) -> None:
        """Trust it again, whatever blocked it. Raises NotFound where nothing did."""
        self._transport.spend("DELETE", _path("blacklist", provider, machine_id))

    def _machines(
        self, which: str, provider: str | None, min_attempts: int | None
    ) -> Iterator[Machine]:
        query = {"provider": provider, "min_attempts": min_attempts}
        return walk(self._transport, f"{_ROOT}/{which}", Machine, query)


def _path(what: str, provider: str, machine_id: str) -> str:
    return f"{_ROOT}/{what}/{quote(provider, safe='')}/{quote(machine_id, safe='')}"
