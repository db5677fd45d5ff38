"""A marketplace that runs: its model, clock, disk and machines under one lock."""

from __future__ import annotations

import os
import threading
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from infra.simulators.machines import folders
from infra.simulators.machines.keeper import Keeper, Wanted
from infra.simulators.machines.proxy import Proxies

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.clock import SimulatedClock
    from infra.simulators.wire import Answer, Request

TICK_S = 0.1
PORTS_APART = 97


class Model(Protocol):
    """What both marketplaces' models have. `changes` counts what must be on disk."""

    changes: int
    next_port: int


ModelT = TypeVar("ModelT", bound=Model)
Act: TypeAlias = "Callable[[ModelT, float], dict[str, object]]"


@dataclass(frozen=True, slots=True)
class Paths:
    data: Path

    @property
    def state(self) -> Path:
        return self.data / "state.json"

    @property
    def machines(self) -> Path:
        return self.data / "machines"

    def run(self, machine_id: str) -> Path:
        """Where a machine and its marketplace tell each other their figures."""
        return folders.machine_folder(self.machines, machine_id) / "run"


class Running(ABC, Generic[ModelT]):
    """Thread-safe. Every answer is given only after what it changed is on disk."""

    def __init__(
        self, world: ModelT, clock: SimulatedClock, paths: Paths, ports: range, *, isolated: bool
    ) -> None:
        self.world = world
        self.clock = clock
        self.paths = paths
        self.lock = threading.RLock()
        self.proxies = Proxies()
        paths.machines.mkdir(parents=True, exist_ok=True)
        self.keeper = Keeper(paths.machines, self.proxies, self._ended, isolated=isolated)
        # Simulators that run side by side begin at different ports
        world.next_port = ports.start + os.getpid() * PORTS_APART % len(ports)
        self._saved_changes = -1
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @abstractmethod
    def save(self) -> None:
        """Write the whole model to disk."""

    @abstractmethod
    def advance(self, now: float) -> None:
        """Let happen in the model what is due by then."""

    @abstractmethod
    def dispatch(self, request: Request, now: float, base_url: str) -> Answer:
        """What the marketplace's API answers."""

    @abstractmethod
    def side_door(self, request: Request) -> tuple[Answer, float]:
        """What happened in truth, and what is to happen: for whoever holds the simulator's key."""

    @abstractmethod
    def want_machines(self) -> None:
        """Tell the keeper what each machine that the model knows should be."""

    @abstractmethod
    def is_gone(self, machine_id: str) -> bool:
        """Whether the model knows it no more."""

    @abstractmethod
    def ended(self, machine_id: str, boot_no: int) -> None:
        """Its first process ended by itself; a boot that is no longer the last says nothing."""

    def count_traffic(self) -> None:
        """Take over what the proxies counted since the last time."""

    def before_first_look(self) -> None:
        """Take over what happened while nobody kept the books."""

    def begin(self) -> None:
        """Adopt what still lives, then keep time until `finish`."""
        self.keeper.adopt()
        with self.lock:
            self.before_first_look()
            self.step()
        self._thread.start()

    def finish(self) -> None:
        """Stop every machine, keep the books."""
        self._stopping.set()
        self._thread.join(timeout=10)
        with self.lock:
            self.step()
        self.keeper.stop_all()
        with self.lock:
            self.count_traffic()
            self.save()
        self.proxies.stop()

    def answer(self, request: Request, base_url: str) -> tuple[Answer, float]:
        """The answer and the simulated time at which it was given."""
        with self.lock:
            self.count_traffic()
            now = self.clock.now()
            made = self.dispatch(request, now, base_url)
            self._save_changes()
        return made, now

    def change(self, act: Act[ModelT]) -> tuple[dict[str, object], float]:
        """Run a side-door action on the model at the present moment."""
        with self.lock:
            self.count_traffic()
            now = self.clock.now()
            self.advance(now)
            result = act(self.world, now)
            self.advance(now)
            self._save_changes()
        return result, now

    def step(self) -> None:
        """One look: traffic, time, machines, disk. The lock is held."""
        self.count_traffic()
        self.advance(self.clock.now())
        self.want_machines()
        for machine_id in self.keeper.machine_ids():
            if self.is_gone(machine_id):
                self.keeper.want(Wanted(machine_id, None, destroyed=True, gently=False))
        self._save_changes()

    def _run(self) -> None:
        while not self._stopping.wait(TICK_S):
            try:
                with self.lock:
                    self.step()
                self.keeper.notice_ends()
            except Exception:  # noqa: BLE001 - one machine's trouble must not stop time
                traceback.print_exc()

    def _ended(self, machine_id: str, boot_no: int) -> None:
        with self.lock:
            self.ended(machine_id, boot_no)
            self._save_changes()

    def _save_changes(self) -> None:
        if self.world.changes != self._saved_changes:
            self.save()
            self._saved_changes = self.world.changes
