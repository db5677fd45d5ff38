"""The table of faults and the calls that they struck: no cell that can be met stays empty."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation import menu

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulation.faults import Strike

Cell = tuple[str, str]


class Coverage:
    """Strikes by fault and call, over many seeds."""

    def __init__(self) -> None:
        self.struck: Counter[Cell] = Counter()

    def add(self, strikes: Iterable[Strike]) -> None:
        self.struck.update((fault, call) for fault, call, _ in strikes)

    def expected(self) -> set[Cell]:
        """The whole menu."""
        return {*menu.cells(), *menu.CANNOT_EXIST}

    def empty(self) -> list[Cell]:
        """Cells of the menu that nothing struck, but for those that cannot exist."""
        return sorted(
            cell
            for cell in self.expected()
            if not self.struck[cell] and cell not in menu.CANNOT_EXIST
        )

    def lines(self) -> list[str]:
        """One line for each fault: the calls that it struck, and how often."""
        by_fault: dict[str, list[str]] = {}
        for fault, call in sorted(self.expected()):
            count = self.struck[fault, call]
            why_not = menu.CANNOT_EXIST.get((fault, call))
            shown = f"{count}" if count or why_not is None else f"cannot be: {why_not}"
            by_fault.setdefault(fault, []).append(f"{call} {shown}")
        return [f"{fault}: {', '.join(cells)}" for fault, cells in by_fault.items()]
