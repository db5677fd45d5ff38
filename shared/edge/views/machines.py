"""/api/machines/history: how machines launched for the caller, and whom they pass over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.app.history import blacklist, read
from shared.contract import machine_history as wire
from shared.contract import machine_history_mapping as to_wire
from shared.contract.paging import Listing, NoBody, NoQuery
from shared.edge.route import Answer

if TYPE_CHECKING:
    from shared.domain.history.standing import Standing
    from shared.edge.route import Call


def get_summary(call: Call[wire.SummaryQuery, NoBody]) -> wire.SummaryAnswer:
    which = read.Launches(call.user.user_id, call.query.hours, call.query.provider)
    return to_wire.summary_answer(read.summary(call.services, which))


def get_attempts(call: Call[wire.AttemptsQuery, NoBody]) -> Listing[wire.AttemptWire]:
    query = call.query
    which = read.Launches(call.user.user_id, query.hours, query.provider, query.machine_id)
    page = read.attempts(call.services, which, query.limit, query.page_token)
    return Listing[wire.AttemptWire](
        items=tuple(to_wire.attempt_wire(each.value) for each in page.items),
        next_page_token=page.next_cursor,
    )


def get_reliable(call: Call[wire.MachinesQuery, NoBody]) -> Listing[wire.MachineWire]:
    """At least 80 % of their launches became ready and were not lost; the best first."""
    query = call.query
    found = read.reliable_machines(
        call.services, call.user.user_id, query.provider, query.min_attempts
    )
    return to_wire.machines_page(found, query)


def get_problematic(call: Call[wire.MachinesQuery, NoBody]) -> Listing[wire.MachineWire]:
    """Less than 60 % of their launches went well, or they are blacklisted; the worst first."""
    query = call.query
    found = read.problematic_machines(
        call.services, call.user.user_id, query.provider, query.min_attempts
    )
    return to_wire.machines_page(found, query)


def get_stats(call: Call[NoQuery, NoBody]) -> wire.StatsAnswer:
    provider, machine_id = call.path["provider"], call.path["machine_id"]
    found = read.stats(call.services, call.user.user_id, provider, machine_id)
    return to_wire.stats_answer(found)


def get_blacklist(call: Call[wire.BlacklistQuery, NoBody]) -> Listing[wire.BlacklistedWire]:
    query = call.query
    found = blacklist.blacklist(call.services, call.user.user_id, query.provider, query.source)
    return to_wire.blacklist_page(found, query)


def get_check(call: Call[NoQuery, NoBody]) -> wire.CheckAnswer:
    provider, machine_id = call.path["provider"], call.path["machine_id"]
    found = blacklist.check(call.services, call.user.user_id, provider, machine_id)
    return to_wire.check_answer(found)


def post_block(call: Call[NoQuery, wire.BlockBody]) -> wire.BlacklistedWire:
    """Sent again, it replaces what was said before."""
    found = _block(call, call.path["provider"], call.path["machine_id"])
    return to_wire.blacklisted_wire(found)


def post_block_machine(call: Call[NoQuery, wire.BlockMachineBody]) -> wire.BlacklistedWire:
    """Sent again, it replaces what was said before."""
    return to_wire.blacklisted_wire(_block(call, call.body.provider, call.body.machine_id))


def delete_block(call: Call[NoQuery, NoBody]) -> Answer:
    """What happened until now no longer counts against it for you, whatever blocked it."""
    provider, machine_id = call.path["provider"], call.path["machine_id"]
    blacklist.unblock(call.services, call.user.user_id, provider, machine_id)
    return Answer(status=204)


def _block(call: Call[NoQuery, Any], provider: str, machine_id: str) -> Standing:
    body: wire.BlockBody = call.body
    return blacklist.block(
        call.services,
        call.user.user_id,
        provider,
        machine_id,
        reason=body.reason or to_wire.NO_REASON,
        hours=body.hours,
    )
