"""A machine's way to the control plane: cut for a while, or telling the same twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from infra.agent.core.facts import BUSY_SERVER, REFUSED, UNAUTHORISED, UNREACHABLE, Failure
from shared.domain.errors import BlobError, DumontError
from shared.edge.problem import status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services
    from tests.simulation.ports import World

T = TypeVar("T")

TIMEOUT_S = 15.0
PARTED_S = (20.0, 90.0, 400.0, 1500.0)
REPLAYED_AFTER_S = (0.1, 2.0, 60.0, 900.0)


class Link:
    """`parted_at` is when it was last found cut, None while it was whole so far."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance("links")
        self._parted_until_s = -1.0
        self.parted_at: float | None = None

    def part(self, lasts_s: float) -> None:
        self._parted_until_s = self._world.clock.monotonic_s() + lasts_s

    def mend(self) -> None:
        self._parted_until_s = -1.0

    @property
    def is_whole(self) -> bool:
        now = self._world.clock.monotonic_s()
        return self._world.faults.calm or now >= self._parted_until_s

    def reach_the_store(self) -> None:
        """Raises BlobError while the machine is cut off."""
        if not self.is_whole:
            raise BlobError("no way to the store")

    def ask(
        self,
        call: str,
        use_case: Callable[[Services], T],
        answered: Callable[[T], None],
        failed: Callable[[Failure], None],
    ) -> None:
        """Exactly one of the two is called, later."""
        world, faults = self._world, self._world.faults
        if faults.strikes("partition", call):
            lasts_s = self._chance.choice(PARTED_S)
            self.part(lasts_s)
            world.tell(f"a machine is cut off for {lasts_s:.0f} s at {call}")
        if not self.is_whole:
            self.parted_at = world.clock.monotonic_s()
            nobody = Failure(UNREACHABLE, "no answer")
            world.later(TIMEOUT_S, "no answer", lambda: failed(nobody))
            return
        if faults.strikes("replayed", call):
            after_s = self._chance.choice(REPLAYED_AFTER_S)
            world.later(after_s, f"{call} again", lambda: self._again(call, use_case))
        first = _First(answered, failed)
        world.later(TIMEOUT_S, "no answer yet", first.has_waited)
        world.ask("agent", use_case, first.answered, first.failed)

    def _again(self, call: str, use_case: Callable[[Services], T]) -> None:
        self._world.tell(f"{call} is replayed")
        self._world.ask("agent", use_case, _nobody_listens, _nobody_listens)


class _First:
    """An answer, a failure or the client's patience, whichever ends first. The rest is dropped."""

    def __init__(self, answered: Callable[[Any], None], failed: Callable[[Failure], None]) -> None:
        self._answered = answered
        self._failed = failed
        self._is_over = False

    def answered(self, answer: object) -> None:
        if not self._ended():
            self._answered(answer)

    def failed(self, error: Exception) -> None:
        if not self._ended():
            self._failed(failure_of(error))

    def has_waited(self) -> None:
        if not self._ended():
            self._failed(Failure(UNREACHABLE, "no answer in time"))

    def _ended(self) -> bool:
        over, self._is_over = self._is_over, True
        return over


def _nobody_listens(_told: object) -> None:
    """A copy on the way has no one to answer to."""


def failure_of(error: Exception) -> Failure:
    """As the agent's own client tells failures apart: by the status that the edge gives them."""
    status = status_of(error) if isinstance(error, DumontError) else 503
    kind = UNREACHABLE
    if status == 401:
        kind = UNAUTHORISED
    elif status == 429:
        kind = BUSY_SERVER
    elif 400 <= status < 500:
        kind = REFUSED
    return Failure(kind, f"{status}: {error}")
