"""Do the same for many things at once, where most of the time is waiting for somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")


class Lanes(Protocol):
    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """What `work` brought of each, in their order; several are under way at once, in no order.

        All have ended when it returns. Raises what one of them raised.
        """


class OneLane:
    """One after the other, in their order."""

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [work(each) for each in items]
