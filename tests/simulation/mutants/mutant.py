"""A fault that somebody might write into the code one day: a named change of one module's text."""

from __future__ import annotations

from dataclasses import dataclass


class StaleMutant(Exception):
    """The text that it changes is no longer in the module exactly once."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`before` occurs exactly once in the source of `module`; `breaks` says what is lost.

    `shown_by` names faults or outside calls of the menu, or one `at` the other: seeds that draw
    one are tried first.
    """

    name: str
    breaks: str
    module: str
    before: str
    after: str
    shown_by: tuple[str, ...] = ()

    def mutated(self, source: str) -> str:
        """The module's source with the fault in it. Raises StaleMutant."""
        found = source.count(self.before)
        if found != 1:
            raise StaleMutant(f"{self.name}: its text occurs {found} times in {self.module}")
        return source.replace(self.before, self.after)
