"""Do the parts answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.domain.errors import DumontError
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services


class _Checked(Protocol):
    def check(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PartHealth:
    name: str
    ok: bool
    latency_s: float


def check_parts(services: Services) -> tuple[PartHealth, ...]:
    """Ask store, bus and blobs, one after the other, and time each."""
    parts: tuple[tuple[str, Callable[[], _Checked]], ...] = (
        ("store", lambda: services.store),
        ("bus", lambda: services.bus),
        ("blobs", lambda: services.blobs),
    )
    return tuple(_check(services, name, part) for name, part in parts)


def _check(services: Services, name: str, part: Callable[[], _Checked]) -> PartHealth:
    """The part is made here, so that one that cannot even be opened is told like the others."""
    started_s = services.clock.monotonic_s()
    try:
        part().check()
    except DumontError:
        ok = False
    else:
        ok = True
    return PartHealth(name, ok, services.clock.monotonic_s() - started_s)
