"""Rent, work, sleep, wake, let go: on the real local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.person import Person


def test_work_survives_sleeping_and_waking_and_nothing_is_left_after_destroying(
    person: Person,
) -> None:
    instance_id = person.runs(width=2)
    person.says(instance_id, "printf 'loss went down' > notes.txt")
    slept_on = person.contract_of(instance_id)

    person.cloud.instances.hibernate(instance_id)
    asleep = person.sees(instance_id, "asleep")
    person.provider.keeps_nothing()
    person.cloud.instances.wake(instance_id)
    person.sees(instance_id, "running")
    read_back = person.says(instance_id, "cat notes.txt")
    woke_on = person.contract_of(instance_id)
    person.cloud.instances.destroy(instance_id)
    person.provider.keeps_nothing()

    assert asleep.machine is None or asleep.machine.contract_id is None
    assert read_back == "loss went down"
    assert woke_on != slept_on
    assert person.provider.kept() == []
