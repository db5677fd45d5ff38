"""Death, or only silence? The decision as a table, by the rules of the protocol."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.failover.decide import OFF, UNSAVED, on_held, on_silence
from shared.domain.failover.evidence import Fleet
from shared.domain.failover.model import FailoverPolicy, FailoverState, Held, Suspicion
from shared.domain.ids import RentalId
from shared.domain.instances.decide import next_step
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.scene import Scene
from shared.domain.instances.steps import (
    CheckCredit,
    DropLate,
    Enter,
    FailOver,
    HoldBack,
    NoteSilence,
    ReleaseHeld,
    Rest,
    RetreatFrom,
    StartedOutside,
    Suspect,
    Trust,
    Verify,
)
from shared.domain.rentals.model import Address, RentalState
from shared.domain.snapshots.model import SnapshotState
from tests.unit.instances.samples import ME, SNAP, a_lease, a_snapshot, an_instance
from tests.unit.rentals.samples import TIMING, a_rental, after

# The lease is 300 s, the beat 30: it ends 375 s after its last beat, which came at 1000.
LAST_BEAT = 1000
ENDED = LAST_BEAT + 375
HARD = LAST_BEAT + 900
ASKED = ENDED + 5
UNANSWERED = ASKED + 75
LOST = "its agent does not answer, and the provider does not run it"
ADDRESS = Address(ssh_host="192.0.2.1", ssh_port=22)


def scene(
    now: float, *, asked: float | None = None, silent: bool = True, **parts: Any
) -> tuple[Scene, Any]:
    """A machine last heard at LAST_BEAT, asked at `asked`, as seen at `now`."""
    doubt = Suspicion(ME, after(asked), "silent") if asked is not None else None
    changes = {
        "head": SNAP,
        "silent_since": after(ENDED) if silent else None,
        "failover": FailoverState(suspicion=doubt),
        **parts.pop("instance", {}),
    }
    state = parts.pop("state", InstanceState.RUNNING)
    rental = a_rental(RentalState.LIVE, address=ADDRESS, **parts.pop("rental", {}))
    instance = an_instance(state, **changes)
    lease = parts.pop("lease", a_lease(LAST_BEAT, verdict="busy", idle_since=None))
    return Scene(instance, (rental,), lease, None, **parts), after(now)


def seen(status: str, at: float) -> dict[str, Any]:
    return {"provider_status": status, "seen_at": after(at)}


def absent(*at: float) -> dict[str, Any]:
    return {"absences": tuple(after(each) for each in at)}


@pytest.mark.parametrize(
    ("name", "case", "step"),
    [
        ("heard lately", scene(LAST_BEAT + 10, silent=False), None),
        ("its lease has ended: told", scene(ENDED, silent=False), NoteSilence(silent=True)),
        ("then asked", scene(ENDED), Suspect("its agent has not spoken in time")),
        ("the answer is waited for", scene(ASKED + 1, asked=ASKED), Rest(after(UNANSWERED), True)),
        (
            "it answers",
            scene(ASKED + 9, asked=ASKED, lease=a_lease(ASKED + 8)),
            Trust(),
        ),
        (
            "the suspicion is of another machine",
            scene(
                ENDED, instance={"failover": FailoverState(Suspicion(RentalId("x"), after(1), ""))}
            ),
            Trust(),
        ),
        (
            "not answered, and the provider says running: only long silence counts",
            scene(UNANSWERED, asked=ASKED, rental=seen("running", UNANSWERED - 9)),
            Rest(after(UNANSWERED + 60), True),
        ),
        (
            "not answered, and the provider says nothing: no more does that",
            scene(UNANSWERED, asked=ASKED),
            Rest(after(UNANSWERED + 60), True),
        ),
        (
            "not answered, and a word of before the question",
            scene(UNANSWERED, asked=ASKED, rental=seen("unreachable", ASKED - 1)),
            Rest(after(UNANSWERED + 60), True),
        ),
        (
            "a status that we do not know is no word",
            scene(UNANSWERED, asked=ASKED, rental=seen("unclear", UNANSWERED - 9)),
            Rest(after(UNANSWERED + 60), True),
        ),
        (
            "not answered, and the provider lost its host",
            scene(UNANSWERED, asked=ASKED, rental=seen("unreachable", UNANSWERED - 9)),
            FailOver(LOST),
        ),
        (
            "not answered, and missing from two whole listings",
            scene(UNANSWERED, asked=ASKED, rental=absent(ASKED + 1, ASKED + 61)),
            FailOver(LOST),
        ),
        (
            "one absence is a hint",
            scene(UNANSWERED, asked=ASKED, rental=absent(ASKED + 1)),
            Rest(after(UNANSWERED + 60), True),
        ),
        (
            "silent for the hard limit, whatever the provider says",
            scene(HARD, asked=ASKED, rental=seen("running", HARD - 9)),
            FailOver("its agent has been silent for 900 s"),
        ),
        (
            "silent with many others",
            scene(HARD, asked=ASKED, fleet=Fleet(after(0), size=6, silent=5)),
            Rest(after(HARD + 60), True),
        ),
        (
            "silent with one other of six",
            scene(HARD, asked=ASKED, fleet=Fleet(after(0), size=6, silent=2)),
            FailOver("its agent has been silent for 900 s"),
        ),
        (
            "we were away: the silence counts from our return",
            scene(HARD, silent=False, fleet=Fleet(after(HARD - 10))),
            None,
        ),
        (
            "we were away while it was asked: the answer's time counts anew",
            scene(HARD, asked=ASKED, silent=False, fleet=Fleet(after(HARD - 10))),
            Rest(after(HARD - 10 + 75), True),
        ),
        (
            "the provider doubts what has not spoken for a while",
            scene(LAST_BEAT + 90, silent=False, rental=seen("unreachable", LAST_BEAT + 80)),
            Suspect("the provider says that it is unreachable"),
        ),
        (
            "the provider doubts what has just spoken",
            scene(LAST_BEAT + 60, silent=False, rental=seen("unreachable", LAST_BEAT + 50)),
            None,
        ),
        (
            "the provider doubted it before it spoke",
            scene(LAST_BEAT + 90, silent=False, rental=seen("unreachable", LAST_BEAT - 1)),
            None,
        ),
        (
            "a host that starts anew raises no doubt by itself",
            scene(LAST_BEAT + 90, silent=False, rental=seen("starting", LAST_BEAT + 80)),
            None,
        ),
        (
            "doubted, asked and not answered: the lease need not end",
            scene(
                LAST_BEAT + 200,
                asked=LAST_BEAT + 100,
                silent=False,
                rental=seen("unreachable", LAST_BEAT + 190),
            ),
            FailOver(LOST),
        ),
        (
            "what is starting is judged by its boot deadline",
            scene(HARD, asked=ASKED, rental={"boot_deadline": after(HARD + 1)}),
            None,
        ),
        (
            "never saved: its owner decides",
            scene(HARD, asked=ASKED, instance={"head": None}),
            HoldBack(UNSAVED),
        ),
        (
            "never saved, and its owner was told",
            scene(
                HARD,
                asked=ASKED,
                instance={
                    "head": None,
                    "failover": FailoverState(Suspicion(ME, after(ASKED), ""), told=UNSAVED),
                },
            ),
            Rest(after(HARD + 60), True),
        ),
        (
            "never saved, and the cap policy says that money wins",
            scene(
                ENDED + 3600,
                asked=ASKED,
                instance={"head": None, "failover_policy": FailoverPolicy(hold_hours=1)},
            ),
            Enter(InstanceState.FAILED, "lost and never saved; its cap policy lets it go"),
        ),
        (
            "failover is switched off",
            scene(HARD, asked=ASKED, instance={"failover_policy": FailoverPolicy(enabled=False)}),
            HoldBack(OFF),
        ),
        (
            "restoring, silent and not answering: another is tried",
            scene(
                UNANSWERED,
                asked=ASKED,
                state=InstanceState.RESTORING,
                instance={"ready_at": None},
            ),
            RetreatFrom("it fell silent while the files were brought back"),
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_table_of_silence(name: str, case: tuple[Scene, Any], step: Any) -> None:
    assert on_silence(case[0], case[1], TIMING) == step, name


# --- machines of the past

OLD = RentalId("rent_0")
HELD = FailoverState(held=(Held(OLD, after(100), SNAP),))


def after_a_failover(**parts: Any) -> Scene:
    state = parts.pop("state", InstanceState.RUNNING)
    instance = an_instance(state, failover=HELD, **parts.pop("instance", {}))
    return Scene(instance, (), parts.pop("lease", a_lease(990)), None, **parts)


LATE = a_snapshot(SnapshotState.OPEN)


@pytest.mark.parametrize(
    ("name", "scene", "step"),
    [
        (
            "the successor works",
            after_a_failover(),
            ReleaseHeld("its successor has the files and works"),
        ),
        ("it has not spoken yet", after_a_failover(lease=None), None),
        (
            "the lease is of another machine",
            after_a_failover(lease=a_lease(990, rental_id=OLD)),
            None,
        ),
        ("it is still being filled", after_a_failover(state=InstanceState.RESTORING), None),
        (
            "a manifest came late",
            after_a_failover(late=(replace(LATE, state=SnapshotState.UPLOADED),)),
            Verify(SNAP),
        ),
        ("one never came", after_a_failover(late=(LATE,), lease=None), DropLate(SNAP)),
        (
            "the cap policy",
            after_a_failover(
                lease=None, instance={"failover_policy": FailoverPolicy(hold_hours=1)}
            ),
            ReleaseHeld("its cap policy lets it go"),
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_table_of_what_is_held(name: str, scene: Scene, step: Any) -> None:
    """Rule 13: until its successor is validated."""
    assert on_held(scene, after(100 + 3600)) == step, name


@pytest.mark.parametrize("status", ["running", "unreachable"])
def test_a_held_machine_is_kept_and_stopped_when_it_runs_again(status: str) -> None:
    scene = after_a_failover()
    rental = replace(a_rental(RentalState.LIVE), id=OLD, provider_status=status)

    parent = scene.parent_of(rental)

    assert (parent.wanted, parent.run) == (True, status != "running")


@pytest.mark.parametrize("state", [InstanceState.DESTROYING, InstanceState.DESTROYED])
def test_a_destroy_lets_go_what_is_held(state: InstanceState) -> None:
    scene = after_a_failover(state=state)

    assert not scene.parent_of(replace(a_rental(RentalState.LIVE), id=OLD)).wanted


# --- paused, though not by its owner


def paused(now: float, **parts: Any) -> Any:
    rental = a_rental(
        RentalState.STOPPED, state_since=after(0), address=ADDRESS, **parts.pop("rental", {})
    )
    instance = an_instance(InstanceState.PAUSED, **{"desired": Desired.PAUSED, **parts})
    return next_step(Scene(instance, (rental,), None, None), after(now), TIMING)


def test_what_an_empty_account_stopped_is_looked_at_again() -> None:
    """Rule 17."""
    unpaid = FailoverState(halted="credit", check_at=after(300))

    assert paused(200, failover=unpaid) == Rest(after(300), look=False)
    assert paused(300, failover=unpaid) == CheckCredit()
    left = paused(300, failover=unpaid, failover_policy=FailoverPolicy(resume_when_paid=False))
    assert isinstance(left, Rest)


def test_a_machine_seen_running_long_after_our_stop_was_started_by_others() -> None:
    """A listing may lag: what it shows soon after the stop is old."""
    soon, late = seen("running", 100), seen("running", 130)

    waiting = paused(200, rental=soon)
    assert isinstance(waiting, Rest)
    assert waiting.look
    assert paused(200, rental=late) == StartedOutside()


def test_a_start_of_ours_that_was_not_answered_is_not_anothers() -> None:
    step = paused(200, rental={**seen("running", 130), "switching_since": after(90)})

    assert not isinstance(step, StartedOutside)


def test_a_last_snapshot_is_tried_for_a_day_and_then_its_owner_is_told() -> None:
    """Decision 20: its machine is kept, stopped; only an order or the cap policy ends it."""
    tried = FailoverState(final_since=after(0), check_at=after(3600))
    wanted = {"desired": Desired.DESTROYED, "failover": tried}
    day_s = timedelta(hours=24).total_seconds()

    assert paused(1800, **wanted) == Rest(after(3600), look=False)
    again = paused(3600, **wanted)
    assert isinstance(again, Enter)
    assert again.state is InstanceState.RESUMING
    assert isinstance(paused(day_s, **wanted), HoldBack)
    capped = paused(3600 * 2, **wanted, failover_policy=FailoverPolicy(hold_hours=2))
    assert isinstance(capped, Enter)
    assert capped.state is InstanceState.DESTROYING
