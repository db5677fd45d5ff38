"""Which process serves a call, and what becomes of the caller when it dies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import getcurrent

from shared.domain.errors import DumontError
from tests.simulation import menu
from tests.simulation.agenda import Crash
from tests.simulation.ports import Unreachable
from tests.simulation.processes import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services
    from tests.simulation.world import SimWorld

T = TypeVar("T")

# As the manifest has them: everything else serves one call at a time.
_CONCURRENCY = {"instances": 8}
_MOST_IDLE = 3


class Fleet:
    """Makes processes as calls come, keeps the idle ones warm with what they cached."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._chance = world.chance("fleet")
        self._of: dict[str, list[Process]] = {}
        self._made = 0
        self.steps = 0
        self.defects: list[str] = []

    def forget(self, process: Process) -> None:
        self._of[process.function].remove(process)

    def end_all(self, why: str) -> None:
        for processes in list(self._of.values()):
            for process in list(processes):
                process.die(why)

    def call(
        self,
        function: str,
        use_case: Callable[[Services], T],
        answered: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        hurried: bool = False,
    ) -> None:
        """Run it in a process, in the current task. One that is `hurried` lets others go first
        at every call that it makes.
        """
        process = self._free(function)
        task = getcurrent()
        process.tasks.add(task)
        process.turns = self._world.turns if hurried else None
        self.steps += 1
        try:
            answer = use_case(process)
        except Crash:
            self._end(process, well=False)
            failed(Unreachable(f"{process.name} died"))
            return
        except DumontError as error:
            self._end(process, well=False)
            failed(error)
            return
        except Exception as error:  # noqa: BLE001
            self._end(process, well=False)
            self._defect(process, error)
            failed(Unreachable("a defect was answered with 500"))
            return
        self._end(process, well=True)
        answered(answer)

    def _end(self, process: Process, *, well: bool) -> None:
        task = getcurrent()
        process.tasks.discard(task)
        self._world.judge.requests.ended(task, well=well)

    def _defect(self, process: Process, error: Exception) -> None:
        """What nobody foresaw is a finding, whatever else holds."""
        if self._world.raises:
            raise error
        self.defects.append(f"{process.name} raised {error!r}")
        self._world.tell(self.defects[-1])

    def _free(self, function: str) -> Process:
        warm = self._of.setdefault(function, [])
        most = _CONCURRENCY.get(function, 1)
        free = [each for each in warm if len(each.tasks) < most]
        if free and (len(warm) >= _MOST_IDLE or len(free) > 1 or self._chance.random() < 0.7):
            return free[0] if len(free) == 1 else self._chance.choice(free)
        self._made += 1
        made = Process(self._world, function, self._made)
        warm.append(made)
        return made


class Door:
    """Requests from outside: what a client sees of the control plane."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._chance = world.chance("door")

    def ask(
        self,
        function: str,
        use_case: Callable[[Services], Any],
        answered: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        world, call, faults = self._world, f"ask.{function}", self._world.faults
        way_s = 0.01 + 0.1 * self._chance.random()
        if world.is_away or faults.strikes(menu.LOST, call):
            world.agenda.later(way_s, lambda: failed(Unreachable("no way to the control plane")))
            return
        if faults.strikes(menu.LOST_ANSWER, call):
            answered, failed = _deaf(failed), _deaf(failed)
        if faults.strikes(menu.DOUBLED, call):
            again = lambda: world.fleet.call(function, use_case, _nothing, _nothing)  # noqa: E731
            world.agenda.later(way_s + self._chance.random(), again)
        world.agenda.later(way_s, lambda: world.fleet.call(function, use_case, answered, failed))


def _deaf(failed: Callable[[Exception], None]) -> Callable[[Any], None]:
    return lambda _answer: failed(Unreachable("the answer was lost"))


def _nothing(_answer: Any) -> None:
    """Nobody waits for it."""
