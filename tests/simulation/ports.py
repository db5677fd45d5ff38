"""What the engine of the simulation offers to the parts of a simulated world.

The engine owns time, fate, the processes of the control plane and the delivery of events. The
world's other side (marketplace, machines, blobs, judge) lives by these two Protocols alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from shared.app.services import Services
    from shared.ports.clock import Clock
    from shared.ports.store import Store

T = TypeVar("T")


class Faults(Protocol):
    """Whether a fault happens here and now. Every chance is counted in the coverage table."""

    def strikes(self, fault: str, call: str) -> bool:
        """Drawn by the rate of `fault` in this seed. `call` names the outside call, as in
        `provider.create` or `machine.beat`; the two are one cell of the table.

        Each strike has an index in the seed; one that is masked does not happen, and does not
        change what later draws say. Never in the calm, nor for a fault that this seed lacks.
        """

    @property
    def calm(self) -> bool:
        """The faults have stopped: what was broken for a while heals now."""


class World(Protocol):
    """One seed's world. Everything runs in one thread, in virtual time."""

    @property
    def clock(self) -> Clock:
        """Virtual. `sleep` inside a task (a request, a handler) lets others run meanwhile."""

    @property
    def faults(self) -> Faults: ...

    @property
    def store(self) -> Store:
        """The documents as they are, without any fault: for the judge."""

    @property
    def storm_s(self) -> float:
        """Until when faults strike, from the start."""

    @property
    def away_s(self) -> float:
        """How long in all the control plane has answered nobody: nothing could end meanwhile."""

    @property
    def there_for_s(self) -> float:
        """Since when it answers again; 0 while it is away; where it never was, since the start."""

    def chance(self, name: str) -> random.Random:
        """A stream of its own for each name, decided by the seed; the same object every time."""

    def later(self, seconds: float, what: str, run: Callable[[], None]) -> None:
        """Run it then, as a task of its own. `what` is told in the trace."""

    def ask(
        self,
        function: str,
        use_case: Callable[[Services], T],
        answered: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """One request to a process of the deployed function `function`, as a task of its own.

        Exactly one of `answered` and `failed` is called, at the virtual moment of the answer;
        never before `ask` has returned. `failed` gets what an HTTP client can tell apart: our
        own typed error where one was answered, else `Unreachable` (the process died, the answer
        was lost, or the control plane is away).
        """

    def tell(self, text: str) -> None:
        """A line of the trace; costs nothing unless the seed is traced."""


class Unreachable(Exception):
    """No answer came. Whether the request took effect is unknown."""
