"""Lanes of threads, for as long as there is work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")


class ThreadLanes:
    """At most `width` at once. Operations are counted, and lines logged, as the caller's."""

    def __init__(self, width: int) -> None:
        self._width = width

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) < 2:
            return [work(each) for each in items]
        with ThreadPoolExecutor(min(self._width, len(items)), "lane") as pool:
            # A context may be entered once at a time: each has a copy of its own.
            under_way = [pool.submit(copy_context().run, work, each) for each in items]
            wait(under_way)
        return [each.result() for each in under_way]
