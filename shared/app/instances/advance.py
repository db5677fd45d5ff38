"""Bring an instance forward: load, decide, do one step, save, until it may rest.

Safe to run twice, at once, late or never: the documents hold everything, the decision is pure,
and each save names the version that it was decided on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.look import ask_look
from shared.app.budgets.cover import cover
from shared.app.collections import INSTANCES
from shared.app.instances.drain import (
    abandon_drain,
    ask_agent,
    begin_drain,
    command_snapshot,
    drop_snapshot,
    finish_drain,
    interrupt_drain,
    order_sleep,
    send_thaw,
)
from shared.app.instances.enter import (
    enter_state,
    give_up,
    note_silence,
    resume_failed,
)
from shared.app.instances.failover import (
    drop_late,
    fail_over,
    hold_back,
    release_held,
    retreat_from,
    suspect,
    trust,
)
from shared.app.instances.halted import (
    check_credit,
    heard_again,
    started_from_outside,
    stopped_from_outside,
)
from shared.app.instances.hints import hint
from shared.app.instances.lost_in_drain import sleep_without
from shared.app.instances.orders import open_snapshot
from shared.app.instances.provision import rent_more
from shared.app.instances.save import save
from shared.app.instances.scene import load
from shared.app.instances.standby import leave, stand_by
from shared.app.rentals.carry_out import carry_out as carry_out_rental
from shared.app.sleep.choose import choose_wait
from shared.app.sleep.turn import take_turn
from shared.app.snapshots.verify import verify_snapshot
from shared.domain.errors import DocumentExists, VersionConflict
from shared.domain.instances.decide import next_step
from shared.domain.instances.rest import can_wait, due_at, keeps
from shared.domain.instances.steps import (
    AbandonDrain,
    AskAgent,
    BeginDrain,
    CheckCredit,
    ChooseWait,
    CommandSnapshot,
    Cover,
    DropLate,
    DropSnapshot,
    Enter,
    FailOver,
    FinishDrain,
    GiveUp,
    HeardAgain,
    HoldBack,
    InstanceStep,
    InterruptDrain,
    LeaveRested,
    NoteSilence,
    OfRental,
    OrderSleep,
    ReleaseHeld,
    RentMore,
    Rest,
    ResumeFailed,
    RetreatFrom,
    SendThaw,
    SleepWithout,
    StandBy,
    StartedOutside,
    StoppedOutside,
    Suspect,
    TakeSnapshot,
    TakeTurn,
    Trust,
    Verify,
)
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.ids import InstanceId

MAX_STEPS = 64
TIME_BUDGET_S = 40.0  # a handler's share; what is left is for the next hint or sweep


def advance(services: Services, instance_id: InstanceId) -> None:
    """Raises what a step's outside raises when it could not be recorded."""
    started = services.clock.monotonic_s()
    for _ in range(MAX_STEPS):
        loaded = load(services, instance_id)
        if loaded is None:
            return None
        step = next_step(loaded.scene(), services.clock.now(), services.settings.timing)
        try:
            if isinstance(step, Rest):
                return _rest(services, loaded, step)
            if isinstance(step, AskAgent):
                return ask_agent(services, loaded, step)
            if _STEPS[type(step)](services, loaded, step):
                return None  # what is left to do is due by itself
        except (VersionConflict, DocumentExists):
            continue  # somebody was faster: look again
        if services.clock.monotonic_s() - started > TIME_BUDGET_S:
            break
    return hint(services, instance_id, "more to do")


def _rest(services: Services, loaded: Loaded, step: Rest) -> None:
    instance = loaded.instance.value
    now = services.clock.now()
    until = due_at(step, now, services.settings.timing)
    if step.look:
        for account_id in sorted({each.value.account_id for each in loaded.rentals}):
            ask_look(services, account_id, now)
    if not keeps(instance.due_at, until, now):
        services.store.save(
            INSTANCES, instance.id, replace(instance, due_at=until), loaded.instance.version
        )


def take_snapshot(services: Services, loaded: Loaded, _step: TakeSnapshot) -> bool:
    """The minute's sweep finds when it is time; nobody waits for it, and so its machine may take
    it when it renews its lease. Whether that was all there was to do: it is due already when the
    agent should have told.
    """
    begun, writes = open_snapshot(services, loaded, "its policy asks for one", at_leisure=True)
    if loaded.operation and loaded.operation.value.finished_at:
        begun = replace(begun, operation_id=None)  # nobody loads it any more with every look
    save(services, loaded, begun, writes)
    return loaded.lease is not None and can_wait(begun)


def _of_rental(services: Services, loaded: Loaded, step: OfRental) -> None:
    carry_out_rental(services, loaded, loaded.rental(step.rental_id), step.step)


_STEPS: Mapping[type[InstanceStep], Callable[[Services, Loaded, Any], bool | None]] = {
    Cover: cover,
    RentMore: rent_more,
    GiveUp: give_up,
    OrderSleep: order_sleep,
    ChooseWait: choose_wait,
    TakeTurn: take_turn,
    BeginDrain: begin_drain,
    Verify: verify_snapshot,
    AbandonDrain: abandon_drain,
    InterruptDrain: interrupt_drain,
    SleepWithout: sleep_without,
    FinishDrain: finish_drain,
    StandBy: stand_by,
    LeaveRested: leave,
    DropSnapshot: drop_snapshot,
    Enter: enter_state,
    ResumeFailed: resume_failed,
    StoppedOutside: stopped_from_outside,
    NoteSilence: note_silence,
    Suspect: suspect,
    Trust: trust,
    FailOver: fail_over,
    RetreatFrom: retreat_from,
    HoldBack: hold_back,
    ReleaseHeld: release_held,
    DropLate: drop_late,
    CheckCredit: check_credit,
    StartedOutside: started_from_outside,
    HeardAgain: heard_again,
    CommandSnapshot: command_snapshot,
    TakeSnapshot: take_snapshot,
    SendThaw: send_thaw,
    OfRental: _of_rental,
}
