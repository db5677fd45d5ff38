"""One launch from the order to its end, in virtual time, under any way to race.

What is billed follows the marketplace: the GPU by the second while the container runs and not
while its image loads, the disk from the order to the release. Somebody looks when a sweep does
(every 30 s, at a phase of its own) or when a machine speaks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.history.attempt import Attempt, Outcome, Stage
from shared.domain.ids import InstanceId, RentalId, UserId
from shared.domain.market.offers import Offer
from shared.domain.racing.entry import Racer, entry_of_offer
from tests.bench.launches import IMAGES_GB, Fate, Fortune, Launch, LaunchWorld
from tests.bench.rivals import DISK_GB, Question, Rival

DEADLINE_S = 1800.0
BOOT_DEADLINE_S = 900.0
SWEEP_S = 30.0
CALL_S = 2.0  # between two create or destroy calls, as the marketplace asks
FIRST_RELEASE_S = 5.0
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Raced:
    """`ready_s` None: nobody was, by the deadline. Waste is micro-USD,
    without and with the bytes of the images."""

    ready_s: float | None
    waste: float
    waste_with_pull: float
    started: int
    winner_rate: int | None


@dataclass(frozen=True, slots=True)
class Started:
    offer: Offer
    at_s: float
    fortune: Fortune
    pull: float  # micro-USD of its image

    @property
    def ready_at_s(self) -> float:
        return self.at_s + self.fortune.ready_s if self.fortune.ready_s is not None else 1e9

    def ends_by_itself_s(self, sweeps: Sweeps) -> float:
        """When we see that it failed, or lose patience."""
        if self.fortune.fate is Fate.STOLEN:
            return self.at_s
        if self.fortune.broken_s is not None:
            return sweeps.first_from(self.at_s + self.fortune.broken_s)
        return self.at_s + BOOT_DEADLINE_S

    def billed(self, until_s: float) -> float:
        """Micro-USD until its release."""
        if self.fortune.fate is Fate.STOLEN:
            return 0.0
        runs_s = self.fortune.runs_s
        ran_s = max(0.0, until_s - self.at_s - runs_s) if runs_s is not None else 0.0
        disk = self.offer.storage_rate(DISK_GB) * (until_s - self.at_s)
        return (disk + self.offer.gpu_rate * ran_s) / HOUR_S

    def pulled(self, until_s: float) -> float:
        """Micro-USD for what its image's bytes cost until then, where they are billed."""
        if self.fortune.fate is Fate.STOLEN:
            return 0.0
        load_s = self.fortune.runs_s or 120.0
        return self.pull * min(1.0, (until_s - self.at_s) / load_s)


@dataclass(frozen=True, slots=True)
class Sweeps:
    phase_s: float

    def first_from(self, moment_s: float) -> float:
        """The first sweep at this moment or after it."""
        past = max(0.0, moment_s - self.phase_s)
        return self.phase_s + SWEEP_S * -(-past // SWEEP_S)


class Race:
    """`run` plays it; `attempts` are what history then records."""

    def __init__(self, world: LaunchWorld, launch: Launch, rival: Rival) -> None:
        self._world, self._launch, self._rival = world, launch, rival
        self._sweeps = Sweeps(random.Random(f"sweep {launch.number}").uniform(1.0, SWEEP_S))
        self._started: list[Started] = []
        self._look_at_s = 0.0
        self.attempts: list[Attempt] = []

    def run(self) -> Raced:
        now_s = 0.0
        while now_s < DEADLINE_S:
            if now_s >= self._look_at_s or not self._racing(now_s):
                self._ask(now_s)
            upcoming_s = self._next_moment(now_s)
            winner = min(self._started, key=lambda each: each.ready_at_s, default=None)
            if winner and winner.ready_at_s <= min(upcoming_s, DEADLINE_S):
                return self._over(winner.ready_at_s, winner)
            now_s = upcoming_s
        return self._over(DEADLINE_S, None)

    def _racing(self, now_s: float) -> list[Started]:
        return [each for each in self._started if each.ends_by_itself_s(self._sweeps) > now_s]

    def _ask(self, now_s: float) -> None:
        tried = {each.offer.machine_id for each in self._started}
        racing = self._racing(now_s)
        question = Question(
            now=self._moment(now_s),
            deadline=self._moment(DEADLINE_S),
            image=self._launch.image,
            open_offers=tuple(o for o in self._launch.offers if o.machine_id not in tried),
            racing=tuple(self._racer(each) for each in racing),
        )
        chosen, look_at = self._rival.turn(question)
        self._look_at_s = (look_at - self._launch.at).total_seconds()
        for place, offer in enumerate(chosen):
            pull = IMAGES_GB[self._launch.image] * offer.download_micro_usd_per_gb
            fortune = self._world.fortune(self._launch, offer.machine_id)
            self._started.append(Started(offer, now_s + place * CALL_S, fortune, pull))

    def _racer(self, one: Started) -> Racer:
        entry = entry_of_offer(one.offer, self._launch.image, DISK_GB)
        return Racer(entry, self._moment(one.at_s))

    def _next_moment(self, now_s: float) -> float:
        """The sweep that finds it due, or that finds a racer's end."""
        after_s = now_s + 0.001
        ends = [each.ends_by_itself_s(self._sweeps) for each in self._racing(now_s)]
        due_s = min([self._look_at_s, *ends]) if ends else after_s
        return self._sweeps.first_from(max(after_s, due_s))

    def _over(self, now_s: float, winner: Started | None) -> Raced:
        losers = [each for each in self._started if each is not winner and each.at_s <= now_s]
        waste, pulled, released = 0.0, 0.0, 0
        for each in losers:
            own_end_s = each.ends_by_itself_s(self._sweeps)
            if own_end_s > now_s:
                released += 1
            until_s = min(own_end_s, now_s + FIRST_RELEASE_S + released * CALL_S)
            waste += each.billed(until_s + (FIRST_RELEASE_S if own_end_s <= now_s else 0.0))
            pulled += each.pulled(until_s)
            self._record(each, now_s, None)
        if winner:
            self._record(winner, now_s, winner)
        self._rival.told(sorted(self.attempts, key=lambda e: e.ended_at), self._moment(now_s + 60))
        return Raced(
            ready_s=now_s if winner else None,
            waste=waste,
            waste_with_pull=waste + pulled,
            started=len(losers) + (1 if winner else 0),
            winner_rate=winner.offer.price(DISK_GB) if winner else None,
        )

    def _record(self, one: Started, now_s: float, winner: Started | None) -> None:
        own_end_s = one.ends_by_itself_s(self._sweeps)
        failed = own_end_s <= now_s
        outcome = Outcome.FAILED if failed else Outcome.WITHDRAWN
        ended_s = min(own_end_s, now_s)
        runs_s = one.fortune.runs_s
        stage = Stage.CREATING if one.fortune.fate is Fate.STOLEN else Stage.LOADING
        if runs_s is not None and one.at_s + runs_s <= ended_s:
            stage = Stage.BOOTING
        if one is winner:
            outcome, stage = Outcome.READY, Stage.READY
        number, offer = self._launch.number, one.offer
        self.attempts.append(
            Attempt(
                rental_id=RentalId(f"rent_{number}_{offer.machine_id}"),
                owner=UserId("user_ada"),
                instance_id=InstanceId(f"inst_{number}"),
                provider=offer.provider,
                machine_id=offer.machine_id,
                gpu_name=offer.gpu_name,
                num_gpus=offer.num_gpus,
                geolocation=offer.geolocation,
                download_mbps=offer.inet_down_mbps,
                image=self._launch.image,
                began_at=self._moment(one.at_s),
                ended_at=self._moment(ended_s),
                seconds=ended_s - one.at_s,
                stage=stage,
                outcome=outcome,
                reason="",
                told_at=self._moment(ended_s),
                expires_at=self._moment(ended_s) + timedelta(days=90),
            )
        )

    def _moment(self, seconds: float) -> datetime:
        return self._launch.at + timedelta(seconds=seconds)
