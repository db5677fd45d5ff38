"""Who names an offer gets that machine or none, never another instead."""

from __future__ import annotations

from shared.domain.instances.decide import next_step
from shared.domain.instances.model import InstanceState
from shared.domain.instances.steps import GiveUp, RentMore
from shared.domain.rentals.timing import Timing
from tests.fakes.clock import START
from tests.unit.instances.samples import a_scene, an_instance


def provisioning(attempts: int, epoch: int = 0) -> object:
    instance = an_instance(
        InstanceState.PROVISIONING, offer_id="41", attempts=attempts, epoch=epoch
    )
    return next_step(a_scene(instance), START, Timing())


def test_the_named_offer_is_tried_once() -> None:
    first, second = provisioning(attempts=0), provisioning(attempts=1)

    assert isinstance(first, RentMore)
    assert isinstance(second, GiveUp)
    assert "the offer that was named" in second.reason


def test_a_wake_of_what_was_ordered_by_an_offer_looks_for_other_machines() -> None:
    assert isinstance(provisioning(attempts=1, epoch=1), RentMore)
