"""simulator.json: which process serves this folder, and how its clock runs."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from infra.simulators.clock import SimulatedClock
from infra.simulators.machine.load import write_whole
from infra.simulators.machines.processes import ProcessRecord

if TYPE_CHECKING:
    from pathlib import Path

FILE = "simulator.json"


@dataclass(frozen=True, slots=True)
class Record:
    pid: int
    mark: str
    port: int
    origin_simulated: float
    origin_real: float
    speed: float

    @property
    def process(self) -> ProcessRecord:
        return ProcessRecord(self.pid, self.mark)

    @property
    def clock(self) -> SimulatedClock:
        return SimulatedClock(self.origin_simulated, self.origin_real, self.speed)


def read(data: Path) -> Record | None:
    path = data / FILE
    return Record(**json.loads(path.read_text())) if path.exists() else None


def write(data: Path, port: int, clock: SimulatedClock) -> None:
    own = ProcessRecord.of(os.getpid())
    record = Record(own.pid, own.mark, port, **asdict(clock))
    write_whole(data / FILE, json.dumps(asdict(record)))


def clock_for(data: Path, speed: float) -> SimulatedClock:
    """Time goes on from an earlier run of this folder, at the speed that run had until now."""
    earlier = read(data)
    if earlier is None:
        now = time.time()
        return SimulatedClock(now, now, speed)
    return earlier.clock if earlier.speed == speed else earlier.clock.at_speed(speed)
