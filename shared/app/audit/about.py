"""What the work of this moment is about: the ids that its line of the log carries."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Id = str | int

_subject: ContextVar[dict[str, Id] | None] = ContextVar("subject", default=None)


@contextmanager
def subject() -> Iterator[Mapping[str, Id]]:
    """Collects the ids that are told inside, until the end; those of an outer one stay its own."""
    told: dict[str, Id] = {}
    token = _subject.set(told)
    try:
        yield told
    finally:
        _subject.reset(token)


def about(**ids: Id | None) -> None:
    """Ids alone: never a name, an address or a secret. None and empty ones are left out; outside
    of a request, an event or a run it says nothing.
    """
    told = _subject.get()
    if told is not None:
        told.update({name: each for name, each in ids.items() if each not in {None, ""}})
