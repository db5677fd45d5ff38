"""What befalls a machine is told to its owner, and nothing is released for them.

A dead host is told by the silence of its agent, after its lease: tests/unit/instances holds that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.person import Person


def test_a_machine_that_is_stopped_from_outside_is_shown_as_paused_and_can_resume(
    person: Person,
) -> None:
    instance_id = person.runs()
    contract = person.contract_of(instance_id)

    person.provider.befall(contract, "stop-outside")
    person.sees(instance_id, "paused")
    kept = [each["id"] for each in person.provider.open_contracts()]
    person.cloud.instances.resume(instance_id)
    person.sees(instance_id, "running")

    assert kept == [contract]
    assert person.contract_of(instance_id) == contract
    assert "alarm.stopped_outside" in person.story(instance_id)
