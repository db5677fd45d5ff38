"""Which machines a user may rely on, and which make trouble. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.history.book import machine_key
from shared.domain.history.regard import Tally, own_tally, shared_tally
from shared.domain.history.verdict import Block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.history.regard import Regard

RELIABLE_FROM = 0.8  # this share of its launches became ready and was not lost
PROBLEMATIC_BELOW = 0.6


@dataclass(frozen=True, slots=True)
class Standing:
    """One machine as one caller knows it. `own` is None where they tried nothing on it."""

    provider: str
    machine_id: str
    gpu_name: str
    geolocation: str | None
    own: Tally | None
    shared: Tally | None
    block: Block | None

    @property
    def tally(self) -> Tally | None:
        """Their own launches where there are any, else everybody's."""
        return self.own or self.shared

    @property
    def reliability(self) -> float:
        """0 to 1; of a machine that nothing is known of, 0."""
        share = self.tally.reliability if self.tally else None
        return share or 0.0


def standings(regard: Regard) -> tuple[Standing, ...]:
    """Every machine that the caller, or everybody, has tried."""
    keys = sorted({*regard.book.records, *regard.scores.scores})
    return tuple(_standing(regard, key) for key in keys)


def standing(regard: Regard, provider: str, machine_id: str) -> Standing:
    """Of any machine, tried or not."""
    key = machine_key(provider, machine_id)
    record, score = regard.book.record(provider, machine_id), regard.scores.scores.get(key)
    return Standing(
        provider=provider,
        machine_id=machine_id,
        gpu_name=record.gpu_name or (score.gpu_name if score else ""),
        geolocation=record.geolocation or (score.geolocation if score else None),
        own=own_tally(record) if record.marks else None,
        shared=shared_tally(score) if score else None,
        block=regard.block(provider, machine_id),
    )


def reliable(machines: Iterable[Standing], least: int) -> tuple[Standing, ...]:
    """Those with enough launches, nearly all good, and no block; the best first."""
    good = [
        each
        for each in machines
        if _tried(each) >= least and each.block is None and each.reliability >= RELIABLE_FROM
    ]
    return tuple(sorted(good, key=lambda each: (-each.reliability, -_tried(each), _name(each))))


def problematic(machines: Iterable[Standing], least: int) -> tuple[Standing, ...]:
    """Those with enough launches of which too many went wrong, and all that are blocked for it;
    the worst first.
    """
    bad = [
        each
        for each in machines
        if each.tally
        and (
            each.block is not None
            or (_tried(each) >= least and each.reliability < PROBLEMATIC_BELOW)
        )
    ]
    return tuple(sorted(bad, key=lambda each: (each.reliability, -_tried(each), _name(each))))


def _standing(regard: Regard, key: str) -> Standing:
    provider, _, machine_id = key.partition("/")
    return standing(regard, provider, machine_id)


def _tried(machine: Standing) -> int:
    return machine.tally.attempts if machine.tally else 0


def _name(machine: Standing) -> tuple[str, str]:
    return machine.provider, machine.machine_id
