"""A market whose launches fail as the public campaign's did: 42% are not ready within 240 s,
37 to 75% by place and GPU, and bad luck sticks to machines.

It shares no code with the odds that are judged by it: its own image sizes, its own line rates,
its own ways to fail. One seed decides everything; a machine's fate in a launch does not depend
on who asks, so that every policy meets the same launches.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.market.offers import Offer
from tests.fakes.clock import START
from tests.unit.market.world import an_offer

GPUS = {"RTX 4090": 0.40, "RTX 3090": 0.20, "L40S": 0.65, "A100 SXM4": 0.95, "H100 SXM": 2.1}
# Log odds that a launch is ready at all, beside the market's own.
GPU_LUCK = {"RTX 4090": 0.05, "RTX 3090": -0.1, "L40S": 0.0, "A100 SXM4": 0.0, "H100 SXM": 0.05}
PLACES = {
    "US": 0.0,
    "SE": 0.05,
    "DE": 0.0,
    "CA": 0.0,
    "BG": 0.0,
    "JP": 0.05,
    "VN": -1.3,
    "IN": -1.95,
}
IMAGES_GB = {"pytorch/pytorch:latest": 3.6, "vllm/vllm-openai:latest": 8.2, "nvidia/cuda:12": 2.2}
LUCK = 1.62  # of the market
STICKINESS = 2.0  # a machine's share of ready launches is Beta(mean x this, rest x this)
MACHINES = 40  # of each GPU
STAYS_LISTED = 0.55  # the others are somebody else's at that hour
STOLEN = 0.04
ALL = "all"
LAUNCH_EVERY = timedelta(minutes=25)


class Fate(StrEnum):
    READY = "ready"
    STUCK = "stuck"  # its image never arrives
    MUTE = "mute"  # its container runs, and is billed; its agent never speaks
    BROKEN = "broken"  # the provider says that it failed
    STOLEN = "stolen"  # somebody else had the offer in that second


@dataclass(frozen=True, slots=True)
class Fortune:
    """What becomes of one order. Seconds from the create order; None: never."""

    fate: Fate
    runs_s: float | None
    ready_s: float | None
    broken_s: float | None = None


@dataclass(frozen=True, slots=True)
class HiddenMachine:
    """What nobody is told."""

    offer: Offer
    luck: float  # its share of ready launches
    line: float  # of the promised line, what a registry really gives
    slowness: float


@dataclass(frozen=True, slots=True)
class Launch:
    number: int
    at: datetime
    gpu_name: str
    image: str
    offers: tuple[Offer, ...]


class LaunchWorld:
    """`launch(n)` is what the n-th customer finds; `fortune` what a machine does to him."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        chance = random.Random(f"market {seed}")
        self.machines = [
            _machine(chance, gpu, number) for gpu in GPUS for number in range(MACHINES)
        ]
        self._by_id = {each.offer.machine_id: each for each in self.machines}

    def launch(self, number: int) -> Launch:
        chance = random.Random(f"launch {self._seed} {number}")
        gpu = chance.choices(list(GPUS), weights=(5, 2, 2, 2, 1))[0]
        offers = tuple(
            each.offer
            for each in self.machines
            if each.offer.gpu_name == gpu and chance.random() < STAYS_LISTED
        )
        image = chance.choices(list(IMAGES_GB), weights=(5, 3, 2))[0]
        return Launch(number, START + number * LAUNCH_EVERY, gpu, image, offers)

    def fortune(self, launch: Launch, machine_id: str) -> Fortune:
        machine = self._by_id[machine_id]
        chance = random.Random(f"fortune {self._seed} {launch.number} {machine_id}")
        runs_s = _load_s(machine, IMAGES_GB[launch.image], chance)
        broken_s = chance.uniform(8, 60)
        if chance.random() < STOLEN:
            return Fortune(Fate.STOLEN, None, None, 0.0)
        if chance.random() < machine.luck:
            return Fortune(Fate.READY, runs_s, runs_s + chance.uniform(4, 12))
        fate = chance.choices((Fate.STUCK, Fate.MUTE, Fate.BROKEN), weights=(55, 25, 20))[0]
        if fate is Fate.BROKEN:
            return Fortune(fate, None, None, broken_s)
        return Fortune(fate, runs_s if fate is Fate.MUTE else None, None)


def _machine(chance: random.Random, gpu: str, number: int) -> HiddenMachine:
    place = chance.choices(list(PLACES), weights=(5, 3, 4, 2, 3, 2, 1.1, 1.1))[0]
    mean = 1 / (1 + math.exp(-(LUCK + GPU_LUCK[gpu] + PLACES[place])))
    luck = chance.betavariate(mean * STICKINESS, (1 - mean) * STICKINESS)
    mbps = min(8000.0, max(120.0, chance.lognormvariate(math.log(900), 0.8)))
    offer = an_offer(
        f"{gpu}-{number}",
        machine_id=f"{gpu}-{number}",
        host_id=f"{gpu}-{chance.randrange(MACHINES // 2)}",
        gpu_name=gpu,
        gpu_rate=round(GPUS[gpu] * 1e6 * chance.lognormvariate(0, 0.18)),
        storage_micro_usd_per_gb_month=round(chance.uniform(80_000, 250_000)),
        inet_down_mbps=mbps,
        download_micro_usd_per_gb=round(1e3 * min(20, chance.lognormvariate(1.1, 0.9))),
        geolocation=f"Somewhere, {place}",
        country=place,
        # What providers say of reliability knows little of launches.
        reliability=min(0.999, 0.9 + 0.06 * luck + chance.uniform(0, 0.05)),
        verified=chance.random() < 0.7,
        direct_ports=chance.choice((0, 2, 8, 100)),
    )
    return HiddenMachine(offer, luck, chance.uniform(0.2, 0.7), chance.lognormvariate(0, 0.3))


def _load_s(machine: HiddenMachine, image_gb: float, chance: random.Random) -> float:
    mbps = min(1500.0, (machine.offer.inet_down_mbps or 100.0) * machine.line)
    pull_s = image_gb * 8000 / mbps + image_gb * 7
    return (6 + pull_s) * machine.slowness * chance.lognormvariate(0, 0.25)


def count_late(
    world: LaunchWorld, launches: int, counts: dict[str, tuple[int, int]], within_s: float
) -> None:
    """Add how many were not ready in time, and of how many: of every machine that was listed, in
    all, and by place and GPU.
    """
    for number in range(launches):
        launch = world.launch(number)
        for offer in launch.offers:
            ready_s = world.fortune(launch, offer.machine_id).ready_s
            late = ready_s is None or ready_s > within_s
            for key in (ALL, f"{offer.gpu_name} in {offer.country}"):
                before, of = counts.get(key, (0, 0))
                counts[key] = before + late, of + 1
