"""What a change of a rental means to its owner: the entries that are recorded with it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.rentals.model import Action, Rental, RentalState

if TYPE_CHECKING:
    from datetime import datetime

_POWER = {
    RentalState.STOPPED: ("contract.stopped", "it was stopped, its disk is kept"),
    RentalState.BOOTING: ("contract.started", "it starts again"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """`target` is the contract."""

    kind: str
    message: str
    target: str = ""


def of_sighting(before: Rental, after: Rental, now: datetime) -> tuple[Told, ...]:
    """A listing may bind what a lost answer left behind, and find what nobody ordered."""
    told = tuple(
        Told(
            "orphan.found", f"contract {each} stands under this rental's label beside its own", each
        )
        for each in after.strays
        if each not in before.strays
    )
    if after.contract_id is None or before.contract_id is not None or _answer_may_come(before, now):
        return told
    adopted = f"contract {after.contract_id} was found in a listing: the create's answer was lost"
    return (Told("rental.adopted", adopted, after.contract_id), *told)


def of_create(after: Rental) -> tuple[Told, ...]:
    """What the one create call brought."""
    if after.state is RentalState.UNKNOWN:
        return (Told("contract.unanswered", f"the create got no clean answer: {after.reason}"),)
    contract = after.contract_id or ""
    return (Told("contract.created", f"the provider made contract {contract}", contract),)


def of_order(before: Rental, after: Rental) -> tuple[Told, ...]:
    """A stop, a start, a reboot or a destroy was taken by the provider."""
    contract = after.contract_id or ""
    ended = [each for each in after.ended_strays if each not in before.ended_strays]
    if ended:
        return tuple(
            Told("orphan.destroyed", f"the provider took the destroy of contract {each}", each)
            for each in ended
        )
    if after.destroyed_at != before.destroyed_at:
        pending = "it counts as gone when two complete listings lack it"
        said = f"the provider took the destroy of contract {contract} ({before.reason}): {pending}"
        return (Told("release.pending", said, contract),)
    if before.reboot_wanted and not after.reboot_wanted:
        return (Told("contract.rebooted", f"contract {contract} restarts its container", contract),)
    kind, said = _POWER.get(after.state, ("", ""))
    if not kind or after.state is before.state:
        return ()
    return (Told(kind, f"contract {contract}: {said}", contract),)


def of_failure(before: Rental, reason: str) -> tuple[Told, ...]:
    """An order was not taken, or nobody knows. Told once: it is repeated until it is."""
    if before.claim is None or before.claim.action is Action.LOOK or before.retries:
        return ()
    action, contract = before.claim.action, before.contract_id or ""
    said = f"the {action.value} of contract {contract} got no clean yes: {reason}"
    kind = "release.pending" if action is Action.DESTROY else "contract.unanswered"
    return (Told(kind, f"{said}. It is ordered again until it is taken", contract),)


def _answer_may_come(before: Rental, now: datetime) -> bool:
    """The create is still waiting for its answer: nothing is lost yet."""
    return before.claim is not None and now < before.claim.deadline
