"""What stays unknown or unreleased for too long is an alarm, however much else is pending."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.embedded.memory import MemoryStore
from shared.app.alarms import Alarm
from shared.app.collections import RENTALS
from shared.app.deployment import tell
from shared.domain.ids import ContractId, RentalId
from shared.domain.rentals.model import RentalState
from shared.ports.counting import counted
from tests.fakes.clock import FakeClock
from tests.unit.rentals.samples import a_rental, after

if TYPE_CHECKING:
    from shared.domain.rentals.model import Rental

HOUR_S = 3600.0


@dataclass
class World:
    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)
        self.clock.advance(HOUR_S + 60)  # past the half hour, when the spend is told too

    def keep(self, *rentals: Rental) -> None:
        for each in rentals:
            self.store.add(RENTALS, each.id, each)


def many(state: RentalState, count: int, since_s: float, **changes: Any) -> list[Rental]:
    return [
        a_rental(state, id=RentalId(f"rent_{state}_{n}"), state_since=after(since_s + n), **changes)
        for n in range(count)
    ]


def told(world: World, caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    """Which rental each alarm is about."""
    caplog.clear()
    tell(world)  # type: ignore[arg-type]
    alarms = [record.details for record in caplog.records if record.name == "dumont.alarms"]  # type: ignore[attr-defined]
    return {each["alarm"]: each["rental_id"] for each in alarms}


@pytest.mark.parametrize(
    ("releasing", "unknown"), [(0, 1), (1, 0), (1, 1), (3, 3), (30, 1), (1, 30), (30, 30)]
)
@pytest.mark.parametrize("unknown_is_older", [True, False])
def test_neither_kind_hides_the_other(
    caplog: pytest.LogCaptureFixture, releasing: int, unknown: int, *, unknown_is_older: bool
) -> None:
    world = World()
    older_s, newer_s = 0.0, 100.0
    unknown_s, releasing_s = (older_s, newer_s) if unknown_is_older else (newer_s, older_s)
    seen = {"contract_id": ContractId("1001")}
    world.keep(*many(RentalState.RELEASING, releasing, releasing_s, **seen))
    world.keep(*many(RentalState.UNKNOWN, unknown, unknown_s))

    alarms = told(world, caplog)

    expected = {Alarm.RELEASE_LONG.value: "rent_releasing_0"} if releasing else {}
    expected |= {Alarm.UNKNOWN_LONG.value: "rent_unknown_0"} if unknown else {}
    assert alarms == expected


def test_a_release_of_what_was_never_seen_is_unknown_too(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.keep(*many(RentalState.RELEASING, 1, 0.0, contract_id=None))

    alarms = told(world, caplog)

    assert alarms == dict.fromkeys(
        [Alarm.RELEASE_LONG.value, Alarm.UNKNOWN_LONG.value], "rent_releasing_0"
    )


def test_where_nothing_is_pending_one_read_says_so() -> None:
    world = World()

    with counted() as counts:
        tell(world)  # type: ignore[arg-type]

    assert counts.reads == 1
