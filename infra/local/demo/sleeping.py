"""Goes idle by itself, sleeps, wakes on another machine, pauses and resumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.demo.journal import DemoFailed

if TYPE_CHECKING:
    from frontend.client.models.instances import Instance
    from infra.local.demo.stage import Facts, Stage

KEPT_AWAKE_MINUTES = 30
RELEASE_WITHIN_S = 60.0
MOST_SHOWN = 20


def fall_asleep(stage: Stage) -> None:
    """Nobody asks for it: idle, drained, snapshot taken and verified, machine released."""
    contract_id, began_s = stage.result.race.won_by or "", stage.journal.elapsed_s
    draining = stage.until_state("draining", "asleep")
    if draining.operation_id is not None:
        stage.follow_operation(draining.operation_id, "hibernate")
    asleep = stage.until_state("asleep")
    stage.result.sleep_s = round(stage.journal.elapsed_s - began_s, 2)
    stage.result.snapshot_bytes = _verified_bytes(stage, asleep)
    stage.journal.until(
        "the release of the machine",
        lambda: _destroyed(stage, contract_id),
        RELEASE_WITHIN_S,
    )


def wake(stage: Stage, before: Facts) -> None:
    """On another machine, with every file as it was."""
    last_machine, began_s = stage.result.machines[-1], stage.journal.elapsed_s
    region = stage.kind.region_without(last_machine) if stage.kind is not None else None
    accepted = stage.cloud.instances.wake(stage.instance_id, region=region)
    stage.follow(accepted)
    stage.until_state("running")
    stage.result.wake_s = round(stage.journal.elapsed_s - began_s, 2)
    stage.cloud.instances.keep_alive(stage.instance_id, KEPT_AWAKE_MINUTES)
    machine_id = stage.machine_id()
    stage.result.machines.append(machine_id)
    if machine_id == last_machine:
        raise DemoFailed(f"it woke on the same machine, {machine_id}")
    stage.journal.say(f"awake on machine {machine_id}, before on {last_machine}")
    files_are_identical(stage, before)


def pause_and_resume(stage: Stage, before: Facts) -> None:
    """The machine stops, and comes back with its disk."""
    began_s = stage.journal.elapsed_s
    stage.follow(stage.cloud.instances.pause(stage.instance_id))
    stage.until_state("paused")
    paused_s = stage.journal.elapsed_s
    stage.result.pause_s = round(paused_s - began_s, 2)
    stage.follow(stage.cloud.instances.resume(stage.instance_id))
    stage.until_state("running")
    stage.result.resume_s = round(stage.journal.elapsed_s - paused_s, 2)
    stage.cloud.instances.keep_alive(stage.instance_id, KEPT_AWAKE_MINUTES)
    files_are_identical(stage, before)


def files_are_identical(stage: Stage, before: Facts) -> None:
    """Raises DemoFailed naming what differs."""
    found = differences(before, stage.facts())
    stage.result.files_identical = not found
    stage.result.differences = found[:MOST_SHOWN]
    if found:
        raise DemoFailed(f"{len(found)} files differ: {'; '.join(found[:3])}")
    stage.journal.say(f"all {len(before)} files, folders and links are identical")


def differences(before: Facts, after: Facts) -> list[str]:
    """One line per path that is missing, new or other than before."""
    found = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            found.append(f"{path} is missing")
        elif path not in before:
            found.append(f"{path} is new")
        else:
            old, new = before[path], after[path]
            other = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            found += [f"{path}: {key} was {old.get(key)}, is {new.get(key)}" for key in other]
    return found


def _verified_bytes(stage: Stage, asleep: Instance) -> int:
    if asleep.machine is not None and asleep.machine.contract_id is not None:
        raise DemoFailed("it sleeps, and the API still names a machine")
    kept = [
        each
        for each in stage.cloud.instances.snapshots(stage.instance_id)
        if each.verified_at is not None and each.size_bytes
    ]
    if not kept:
        raise DemoFailed("it sleeps without a verified snapshot")
    newest = max(kept, key=lambda each: each.verified_at.timestamp() if each.verified_at else 0)
    stage.journal.say(f"snapshot {newest.id} of {newest.size_bytes:,} bytes is verified")
    return newest.size_bytes or 0


def _destroyed(stage: Stage, contract_id: str) -> bool | None:
    contracts = stage.provider.of_contract(contract_id).contracts
    return next((each.destroyed for each in contracts if each.id == contract_id), False) or None
