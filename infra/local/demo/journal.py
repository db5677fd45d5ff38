"""The timeline on paper, and the time limit."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

POLL_S = 0.5


class DemoFailed(Exception):
    """The main job did not do what it promises; the message says where and what."""


@dataclass
class Journal:
    """Prints what happens with the seconds since the start, and remembers how long steps took."""

    timeout_s: float
    out: TextIO = field(default_factory=lambda: sys.stdout)
    began_s: float = field(default_factory=time.monotonic)
    step_name: str = "start"
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began_s

    def say(self, text: str) -> None:
        print(f"[{self.elapsed_s:7.1f} s] {text}", file=self.out, flush=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A part of the main job; its seconds are kept under its name."""
        self.step_name, began_s = name, self.elapsed_s
        self.say(f"-- {name}")
        self.left_s()
        yield
        self.seconds[name] = round(self.elapsed_s - began_s, 2)

    def left_s(self) -> float:
        """Seconds until the limit. Raises DemoFailed, naming the step, when there are none."""
        left_s = self.timeout_s - self.elapsed_s
        if left_s <= 0:
            raise DemoFailed(f"the time limit of {self.timeout_s:.0f} s ended in: {self.step_name}")
        return left_s

    def pause(self) -> None:
        """Half a second, within the limit."""
        self.left_s()
        time.sleep(POLL_S)

    def until(self, what: str, look: Callable[[], T | None], within_s: float | None = None) -> T:
        """The first thing seen that is something, looking twice a second.

        Raises DemoFailed when the limit, or `within_s`, passes first.
        """
        give_up_s = self.elapsed_s + (within_s or 0)
        while True:
            seen = look()
            if seen is not None:
                return seen
            if within_s is not None and self.elapsed_s >= give_up_s:
                raise DemoFailed(f"waited {within_s:.0f} s in vain for {what}")
            self.pause()
