"""A machine that falls silent is noticed, whoever last looked at its instance, and when."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.failover.decide import UNSAVED
from shared.domain.failover.evidence import FIRST_WORD_S, Fleet
from shared.domain.failover.model import FailoverState, Suspicion
from shared.domain.ids import SnapshotId
from shared.domain.instances.decide import next_step
from shared.domain.instances.scene import Scene
from shared.domain.instances.steps import DropSnapshot, HoldBack, NoteSilence, Rest, Verify
from shared.domain.rentals.model import Address, RentalState
from shared.domain.rentals.timing import Timing
from shared.domain.snapshots.model import Snapshot, SnapshotState
from tests.unit.instances.samples import ME, a_snapshot, an_instance
from tests.unit.rentals.samples import a_rental, after


def without_a_beat() -> Scene:
    live = a_rental(RentalState.LIVE, address=Address(ssh_host="192.0.2.1", ssh_port=22))
    return Scene(an_instance(), (live,), lease=None, snapshot=None)


def test_an_instance_without_a_first_beat_is_looked_at_again() -> None:
    step = next_step(without_a_beat(), after(1), Timing())

    assert step == Rest(after(FIRST_WORD_S), look=False)


def test_a_control_plane_that_was_away_blames_no_machine() -> None:
    """Rule 16: silence counts from when there was somebody to hear."""
    scene = replace(without_a_beat(), fleet=Fleet(healthy_since=after(3590)))

    step = next_step(scene, after(3600), Timing())

    assert step == Rest(after(3590 + FIRST_WORD_S), look=False)


def test_a_silent_machine_is_looked_at_again_though_nothing_wakes_us() -> None:
    doubt = FailoverState(suspicion=Suspicion(ME, after(120), "silent"))
    instance = an_instance(silent_since=after(120), failover=doubt)
    scene = replace(without_a_beat(), instance=instance)

    step = next_step(scene, after(130), Timing())

    assert step == Rest(after(120 + 75), look=True)


def test_a_snapshot_of_a_machine_that_is_waited_for_ends_by_its_deadline() -> None:
    """Its order had no end for as long as the silence had none."""
    doubt = FailoverState(suspicion=Suspicion(ME, after(120), "silent"))
    instance = an_instance(silent_since=after(120), failover=doubt)
    asked = a_snapshot(drain_id=None, deadline=after(140))
    scene = replace(without_a_beat(), instance=instance, snapshot=asked)

    assert next_step(scene, after(130), Timing()) == Rest(after(140), look=True)
    assert isinstance(next_step(scene, after(140), Timing()), DropSnapshot)


def lost_and_held_back(told: str, snapshot: Snapshot) -> Scene:
    """Nothing was ever saved of it, so that nobody gives its machine up."""
    doubt = FailoverState(suspicion=Suspicion(ME, after(120), "silent"), told=told)
    instance = an_instance(silent_since=after(120), failover=doubt, head=None, restore_from=None)
    return replace(without_a_beat(), instance=instance, snapshot=snapshot)


def test_a_snapshot_of_a_machine_that_is_confirmed_lost_is_dropped_at_once() -> None:
    """It kept its owner waiting for an hour, until its deadline."""
    asked = a_snapshot(drain_id=None, deadline=after(9000))
    long_silent = after(4000)

    first = next_step(lost_and_held_back("", asked), long_silent, Timing())
    then = next_step(lost_and_held_back(UNSAVED, asked), long_silent, Timing())

    assert first == HoldBack(UNSAVED)
    assert then == DropSnapshot(UNSAVED)


def test_what_a_lost_machine_had_uploaded_is_verified_all_the_same() -> None:
    uploaded = a_snapshot(SnapshotState.UPLOADED, drain_id=None, deadline=after(9000))

    assert next_step(lost_and_held_back(UNSAVED, uploaded), after(4000), Timing()) == Verify(
        SnapshotId("snap_1")
    )


def test_a_machine_that_never_beats_is_silent() -> None:
    step = next_step(without_a_beat(), after(FIRST_WORD_S), Timing())

    assert step == NoteSilence(silent=True)
