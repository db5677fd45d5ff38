"""What may befall a call to the outside: the process dies around it, or its answer is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from shared.domain.errors import BlobError, BusUnavailable, StoreError, VersionConflict

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping


class Crash(BaseException):
    """The process is gone: no handler for errors may catch this."""


class Fate(Protocol):
    def before(self, call: str) -> None: ...

    def after(self, call: str) -> None: ...


class CrashAt:
    """The process dies at the n-th point; there is one before and one after every call."""

    def __init__(self, point: int | None) -> None:
        self._point = point
        self.met: list[str] = []

    def before(self, call: str) -> None:
        self._meet(f"before {call}")

    def after(self, call: str) -> None:
        self._meet(f"after {call}")

    def _meet(self, name: str) -> None:
        self.met.append(name)
        if len(self.met) - 1 == self._point:
            raise Crash(name)


class Weather:
    """Every call has its small chance of something bad, until `is_calm`."""

    def __init__(self, chance: random.Random, rate: float) -> None:
        self._chance = chance
        self._rate = rate
        self.is_calm = False
        self.met: list[str] = []

    def before(self, call: str) -> None:
        if self._strikes(f"crash before {call}", 0.1):
            raise Crash(call)
        if self._strikes(f"failure before {call}", 1.0):
            raise self._failure(call)
        if call == "store.write" and self._strikes("conflict", 1.0):
            raise VersionConflict("somebody was faster")

    def after(self, call: str) -> None:
        if self._strikes(f"crash after {call}", 0.1):
            raise Crash(call)
        if call != "provider.call" and self._strikes(f"lost answer of {call}", 1.0):
            raise self._failure(call)

    def _failure(self, call: str) -> Exception:
        kinds = {"store.write": StoreError, "bus.publish": BusUnavailable, "blobs.call": BlobError}
        return kinds.get(call, StoreError)(f"{call}: no answer")

    def _strikes(self, what: str, weight: float) -> bool:
        if what.startswith("failure before provider") or self.is_calm:
            return False  # the marketplace has faults of its own
        if self._chance.random() >= self._rate * weight:
            return False
        self.met.append(what)
        return True


class Watched:
    """Passes every call on to `inner`; those named in `calls` meet their fate."""

    def __init__(self, inner: Any, calls: Mapping[str, str], fate: Fate) -> None:
        self._inner = inner
        self._calls = calls
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        kind = self._calls.get(name)
        return found if kind is None else self._around(found, kind)

    def _around(self, found: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            self._fate.before(kind)
            answer = found(*args, **named)
            self._fate.after(kind)
            return answer

        return called


STORE_CALLS = dict.fromkeys(("add", "save", "delete", "commit"), "store.write")
BUS_CALLS = {"publish": "bus.publish"}
BLOB_CALLS = dict.fromkeys(("get", "put", "put_new", "grant"), "blobs.call")
PROVIDER_CALLS = dict.fromkeys(
    ("create", "destroy", "stop", "start", "reboot", "show", "listing"), "provider.call"
)
