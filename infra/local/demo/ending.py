"""Lets everything go, and compares the two bills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.demo import bill
from infra.local.demo.journal import DemoFailed

if TYPE_CHECKING:
    from infra.local.demo.stage import Stage
    from infra.local.demo.truth import Truth

LEAST_BILLED_USD = bill.LEAST_USD * 1.05
BILLED_WITHIN_S = 120.0
GONE_WITHIN_S = 90.0
AGREED_WITHIN_S = 15.0  # traffic reaches our meter with the machine's last report


def bill_something(stage: Stage) -> None:
    """Waits until the provider's bill is worth comparing."""
    winner = stage.contract_id()

    def look() -> Truth | None:
        truth = stage.provider.of_contract(winner)
        return truth if truth.total_usd >= LEAST_BILLED_USD else None

    truth = stage.journal.until("a bill of a dollar", look, BILLED_WITHIN_S)
    stage.journal.say(f"the provider has billed ${truth.total_usd:.2f} so far")


def destroy(stage: Stage) -> None:
    """The instance ends; the machine goes after a final snapshot."""
    began_s = stage.journal.elapsed_s
    stage.follow(stage.cloud.instances.destroy(stage.instance_id, reason="end of the demo"))
    stage.until_state("destroyed")
    stage.result.destroy_s = round(stage.journal.elapsed_s - began_s, 2)


def nothing_is_left(stage: Stage) -> Truth:
    """By the provider's own record: nothing listed, nothing billing, no process running."""
    winner = stage.result.race.won_by or ""

    def look() -> Truth | None:
        truth = stage.provider.of_contract(winner)
        stage.result.leaked = len(truth.kept)
        return truth if not truth.kept else None

    truth = stage.journal.until("the provider to list nothing of ours", look, GONE_WITHIN_S)
    stage.journal.say(f"of {len(truth.contracts)} contracts the provider keeps none")
    return truth


def bills_agree(stage: Stage, truth: Truth) -> None:
    """Line by line, within what our meter says it cannot know."""
    journal = stage.journal
    give_up_s = journal.elapsed_s + min(AGREED_WITHIN_S, journal.left_s() - 1)
    while True:
        compared = bill.compare(stage.cloud.instances.cost(stage.instance_id), truth)
        if not compared.complaints or journal.elapsed_s >= give_up_s:
            break
        journal.pause()
    for line in compared.lines:
        journal.say(f"   {line}")
    result = stage.result
    result.ledger_usd = round(compared.ledger_usd, 6)
    result.provider_usd = round(compared.provider_usd, 6)
    result.uncertainty_usd = round(compared.uncertainty_usd, 6)
    result.lines = len(compared.lines)
    result.lines_equal = all(line.equal for line in compared.lines)
    if compared.complaints:
        raise DemoFailed("the bills do not agree: " + "; ".join(compared.complaints))
    journal.say(f"ours ${compared.ledger_usd:.6f}, theirs ${compared.provider_usd:.6f}")
