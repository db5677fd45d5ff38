"""On whose behalf this context works. The edge says it once; every entry of the audit tells it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

ANONYMOUS = "anonymous"
AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Acting:
    """`actor` as in TimelineEvent; `trace_id` leads to the log lines of the same work."""

    actor: str = "system"
    trace_id: str = ""


_now: ContextVar[Acting] = ContextVar("acting", default=Acting())  # noqa: B039 - it is frozen


def who_acts() -> Acting:
    return _now.get()


@contextmanager
def acting(actor: str, trace_id: str = "") -> Iterator[None]:
    """What is recorded inside was done by `actor`; the trace of an outer one is kept."""
    token = _now.set(Acting(actor, trace_id or _now.get().trace_id))
    try:
        yield
    finally:
        _now.reset(token)


def function(name: str) -> str:
    """The actor that is a background function of ours."""
    return f"function:{name}"
