"""The life of a contract: vast-states.json as code. Every step settles the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing, listing, pulling, timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.vast.model.state import Contract, Slice, World

FIRST_START = frozenset({None, "created", "loading"})


def settle(world: World, contract: Contract, now: float) -> None:
    status = f"{contract.actual_status}/{contract.intended_status}/{contract.cur_state}"
    if not contract.history or contract.history[-1][1] != status:
        contract.history.append((now, status))
    billing.settle(world, contract, now)


def slice_of(world: World, contract: Contract) -> Slice:
    return world.slices[contract.slot]


def begin(world: World, contract: Contract, now: float) -> None:
    """Event `create accepted`: the GPUs are taken, nothing runs yet."""
    listing.seize(world, slice_of(world, contract), contract)
    contract.actual_status, contract.intended_status = None, "running"
    contract.cur_state = contract.next_state = "running"
    contract.status_msg = ""
    settle(world, contract, now)
    timers.next_step(world, contract, now + world.knobs.pickup_s, "pickup")
    timers.schedule(world, contract.end_date, "expire", contract.id)


def picked_up(world: World, contract: Contract, now: float) -> None:
    contract.actual_status = "created"
    settle(world, contract, now)
    if contract.pull_script == "oci_error":
        # 5.2 pitfall 5: `created` and an OCI error is the end of it
        contract.status_msg = (
            "Error response from daemon: failed to create task for container: "
            "OCI runtime create failed: runc create failed: unable to start container process"
        )
        return
    timers.next_step(world, contract, now + world.knobs.created_s, "pull")


def pull_begins(world: World, contract: Contract, now: float) -> None:
    contract.actual_status = "loading"
    contract.status_msg = f"{contract.image}: Pulling fs layer"
    settle(world, contract, now)
    if contract.pull_script == "stuck_loading":
        return
    seconds = pulling.pull_seconds(world, contract) + contract.pull_extra_s
    timers.next_step(world, contract, now + seconds + world.knobs.boot_s, "up")


def comes_up(world: World, contract: Contract, now: float) -> None:
    """Event `container up`: ports are filled, the GPU bill begins."""
    contract.actual_status = "running"
    contract.status_msg = f"success, running {contract.image}/{contract.runtype.split(' ')[0]}"
    pulling.give_ports(world, contract)
    contract.up_since = now
    contract.boot_no += 1
    settle(world, contract, now)


def goes_down(world: World, contract: Contract, now: float) -> None:
    """The container is no more; the status fields are set already."""
    contract.up_since = None
    contract.ports = {}
    contract.turn += 1
    settle(world, contract, now)


def release_gpu(world: World, contract: Contract, now: float) -> None:
    """List the slice again, and let the longest waiting contract have it first."""
    piece = slice_of(world, contract)
    if piece.holder != contract.id:
        return
    piece.holder = None
    listing.put_up(world, piece)
    offer_gpu(world, piece, now)


def offer_gpu(world: World, piece: Slice, now: float) -> None:
    """Give a free slice to whoever waits for it: `scheduling`, or a bid that wins again."""
    for contracts in world.open_contracts.values():
        for contract_id in contracts:
            contract = world.contracts[contract_id]
            waits = contract.slot == piece.slot and contract.cur_state == "stopped"
            wants = contract.intended_status == "running" or contract.before_outage == "outbid"
            if waits and wants and listing.is_free_for(piece, contract):
                wake(world, contract, now)
                return


def wake(world: World, contract: Contract, now: float) -> None:
    """The GPU is there: exited -> loading -> running over the kept disk."""
    listing.seize(world, slice_of(world, contract), contract)
    contract.before_outage = None
    contract.intended_status = contract.cur_state = contract.next_state = "running"
    contract.actual_status = "loading"
    contract.status_msg = ""
    settle(world, contract, now)
    timers.next_step(world, contract, now + world.knobs.boot_s, "up")


def user_stop(world: World, contract: Contract, now: float) -> None:
    """Intended changes at once, the container halts a little later."""
    contract.intended_status = contract.next_state = "stopped"
    contract.before_outage = None
    if contract.cur_state == "stopped":
        settle(world, contract, now)
        return
    settle(world, contract, now)
    timers.next_step(world, contract, now + world.knobs.stop_s, "halted")


def halted(world: World, contract: Contract, now: float) -> None:
    contract.actual_status = world.knobs.halted_status
    contract.cur_state = "stopped"
    goes_down(world, contract, now)
    release_gpu(world, contract, now)


def user_start(world: World, contract: Contract, now: float) -> bool:
    """False where it may never start again; True may still mean waiting for the GPU."""
    if contract.expired or world.accounts[contract.account_id].broke:
        return False
    was_stopping = contract.intended_status != "running"
    contract.intended_status = contract.next_state = "running"
    if contract.cur_state == "running":
        _resume_in_place(world, contract, now, was_stopping=was_stopping)
    elif listing.is_free_for(slice_of(world, contract), contract):
        wake(world, contract, now)
    else:  # `scheduling`: actual stays exited while the GPU is taken, perhaps for ever
        settle(world, contract, now)
    return True


def _resume_in_place(world: World, contract: Contract, now: float, *, was_stopping: bool) -> None:
    if contract.up_since is not None:
        contract.turn += int(was_stopping)  # the pending halt is stale
    elif was_stopping or contract.actual_status not in FIRST_START:
        wake(world, contract, now)
        return
    settle(world, contract, now)


def judge_bid(world: World, contract: Contract, now: float) -> None:
    """After a change of price: a waiting contract may win the GPU, a running one lose it."""
    piece = slice_of(world, contract)
    waits = contract.intended_status == "running" or contract.before_outage == "outbid"
    if contract.cur_state == "stopped" and waits:
        if listing.is_free_for(piece, contract):
            piece.rival_bid = 0.0
            wake(world, contract, now)
    elif piece.holder == contract.id and contract.gpu_rate < piece.min_bid:
        contract.actual_status = contract.cur_state = contract.next_state = "stopped"
        contract.intended_status = world.knobs.outbid_intended
        contract.before_outage = "outbid"
        goes_down(world, contract, now)
        release_gpu(world, contract, now)


def reboot(world: World, contract: Contract, now: float, *, pull: bool = False) -> None:
    """Reboot, or recycle (which pulls again); the GPU stays allocated."""
    contract.actual_status = "loading" if pull else "rebooting"
    goes_down(world, contract, now)
    seconds = pulling.pull_seconds(world, contract) if pull else 0.0
    timers.next_step(world, contract, now + world.knobs.reboot_s + seconds, "up")


def container_ended(world: World, contract: Contract, now: float) -> None:
    """The container's own process ended: exited, while the user still wants it running."""
    contract.actual_status = "exited"
    contract.status_msg = "container exited"
    goes_down(world, contract, now)


def destroy(world: World, contract: Contract, now: float) -> None:
    """Unloaded at once and billed no more; the row lingers for a moment (pitfall 6)."""
    contract.destroyed_at = now
    contract.intended_status = "stopped"
    contract.cur_state = contract.next_state = "unloaded"
    goes_down(world, contract, now)
    release_gpu(world, contract, now)
    for volume_id in contract.volume_ids:
        world.volumes[volume_id].contracts.remove(contract.id)
    timers.next_step(world, contract, now + world.knobs.destroy_linger_s, "gone")


def gone(world: World, contract: Contract, now: float) -> None:
    contract.gone_at = now
    world.open_contracts.get(contract.account_id, {}).pop(contract.id, None)
    world.changes += 1


def expire(world: World, contract: Contract, now: float) -> None:
    """5.2 pitfall 7: stopped at its end, deleted 48 h later."""
    if contract.destroyed_at is not None:
        return
    contract.expired = True
    contract.intended_status = contract.next_state = "stopped"
    halted(world, contract, now)
    timers.schedule(world, now + world.knobs.expired_kept_s, "delete_expired", contract.id)


def delete_expired(world: World, contract: Contract, now: float) -> None:
    if contract.destroyed_at is None:
        destroy(world, contract, now)


STEPS: dict[str, Callable[[World, Contract, float], None]] = {
    "pickup": picked_up,
    "pull": pull_begins,
    "up": comes_up,
    "halted": halted,
    "gone": gone,
    "expire": expire,
    "delete_expired": delete_expired,
}
