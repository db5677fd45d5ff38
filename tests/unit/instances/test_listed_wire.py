"""What a page shows of an instance is made once for the same values."""

from __future__ import annotations

from dataclasses import replace

from shared.contract.instances_mapping import instance_wire, listed_wire
from tests.unit.instances.samples import an_instance
from tests.unit.rentals.samples import a_rental


def test_the_same_values_are_shown_by_what_was_made_of_them() -> None:
    instance, rental = an_instance(), a_rental()

    first = listed_wire(instance, rental)

    assert first == instance_wire(instance, rental)
    assert listed_wire(instance, rental) is first


def test_a_newer_instance_or_machine_is_shown_as_it_is() -> None:
    instance, rental = an_instance(), a_rental()
    listed_wire(instance, rental)

    renamed = replace(instance, label="renamed")
    moved = replace(rental, contract_id=None)

    assert listed_wire(renamed, rental).label == "renamed"
    assert listed_wire(renamed, moved) == instance_wire(renamed, moved)
    assert listed_wire(renamed, None).machine is None
