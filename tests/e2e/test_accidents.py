"""What befalls a machine is told to its owner, and nothing is released for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.waiting import until

if TYPE_CHECKING:
    from tests.e2e.person import Person


def test_of_a_dead_host_the_owner_hears_and_the_machine_is_kept(person: Person) -> None:
    instance_id = person.runs()
    contract = person.contract_of(instance_id)

    person.provider.befall(contract, "kill-host")

    until("the alarm", lambda: "alarm." in person.story(instance_id), 60)
    with person.http() as http:
        shown = http.get(f"/api/instances/{instance_id}").json()
    assert shown.get("silent_since") or shown["state"] == "paused"
    assert [each["id"] for each in person.provider.open_contracts()] == [contract]


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
