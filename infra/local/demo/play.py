"""The main job, from a fresh user to nothing left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.demo import ending, renting, sleeping
from infra.local.demo.journal import DemoFailed

if TYPE_CHECKING:
    from infra.local.demo.stage import Stage


def play(stage: Stage) -> None:
    """Fills the stage's result. Raises DemoFailed and DumontError where a promise is broken."""
    journal = stage.journal
    with journal.step("register"):
        renting.register(stage)
    with journal.step("search"):
        kinds = renting.choose(stage)
    with journal.step("rent"):
        renting.rent(stage, kinds)
    with journal.step("work"):
        facts = renting.work(stage)
    with journal.step("release losers"):
        renting.losers_are_released(stage)
    with journal.step("sleep"):
        sleeping.fall_asleep(stage)
    with journal.step("wake"):
        sleeping.wake(stage, facts)
    with journal.step("pause and resume"):
        sleeping.pause_and_resume(stage, facts)
    with journal.step("bill"):
        ending.bill_something(stage)
    with journal.step("destroy"):
        ending.destroy(stage)
    with journal.step("compare"):
        ending.bills_agree(stage, ending.nothing_is_left(stage))
    stage.result.ok = True


def let_go(stage: Stage) -> None:
    """After a failure: what was rented is not kept. Says so when even this fails."""
    from frontend.client.errors import DumontError

    if not stage.instance_id or stage.result.destroy_s is not None:
        return
    try:
        stage.cloud.instances.destroy(stage.instance_id, final_snapshot=False, force=True)
    except (DumontError, DemoFailed) as error:
        stage.journal.say(f"{stage.instance_id} could not be let go: {error}")
    else:
        stage.journal.say(f"{stage.instance_id} is being let go")
