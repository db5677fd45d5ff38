"""The tables of `dumont machines`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.cli.figures import UNKNOWN, duration, moment, plain, share
from frontend.cli.output import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from frontend.cli.session import Session
    from frontend.client.models.machines import (
        Attempt,
        Blacklisted,
        Block,
        HistorySummary,
        LaunchCounts,
        Machine,
        MachineStats,
    )

_ATTEMPTS = (
    Column("ENDED"),
    Column("MACHINE"),
    Column("GPU", gives_way=True),
    Column("OUTCOME"),
    Column("TOOK", right=True),
    Column("WHY", gives_way=True),
)
_MACHINES = (
    Column("MACHINE"),
    Column("GPU", gives_way=True),
    Column("TRIED", right=True),
    Column("READY", right=True),
    Column("LOST", right=True),
    Column("RELIABLE", right=True),
    Column("BLACKLISTED", gives_way=True),
)
_BLACKLIST = (
    Column("MACHINE"),
    Column("BY"),
    Column("UNTIL"),
    Column("WHY", gives_way=True),
)


def name(machine: Machine | Attempt | Blacklisted) -> str:
    return f"{plain(machine.provider)}/{plain(machine.machine_id)}"


def show_summary(session: Session, found: HistorySummary) -> None:
    session.out.facts(
        [
            ("Since", moment(found.since)),
            *_facts(found),
            ("Machines", UNKNOWN if found.machines is None else str(found.machines)),
            ("Blacklisted now", UNKNOWN if found.blacklisted is None else str(found.blacklisted)),
        ]
    )
    if not found.complete:
        session.out.remark("There were more launches than are counted: these are the newest.")


def show_attempts(session: Session, found: Sequence[Attempt]) -> None:
    if not found:
        session.out.line("No launches in this time.")
        return
    session.out.table(_ATTEMPTS, [_attempt(each) for each in found])


def show_machines(session: Session, found: Sequence[Machine], none: str) -> None:
    if not found:
        session.out.line(none)
        return
    session.out.table(_MACHINES, [_machine(each) for each in found])
    session.out.remark("A share is of everybody's launches where you have none of your own (*).")


def show_stats(session: Session, found: MachineStats) -> None:
    own, everybody = found.own, found.shared
    waits, failed = found.seconds_to_ready, found.failed_by_stage
    session.out.facts(
        [
            ("Machine", name(found)),
            ("GPU", plain(found.gpu_name)),
            ("Where", plain(found.geolocation)),
            ("Your launches", str(own.attempts) if own else "none"),
            ("Became ready", share(own.success_rate if own else None)),
            ("Lost later", str(own.lost) if own else UNKNOWN),
            ("Everybody's", share(everybody.success_rate if everybody else None)),
            ("Ready after", _median(waits.p50_s, waits.samples)),
            ("Failed", _failed(failed.creating, failed.loading, failed.booting)),
            ("Blacklisted", blocked(found.blacklist)),
        ]
    )
    if found.recent:
        session.out.line()
        session.out.table(_ATTEMPTS, [_attempt(each) for each in found.recent])


def show_blacklist(session: Session, found: Sequence[Blacklisted]) -> None:
    if not found:
        session.out.line("No machine is passed over for you.")
        return
    session.out.table(
        _BLACKLIST,
        [(name(each), plain(each.source), until(each), plain(each.reason)) for each in found],
    )


def blocked(block: Block | None) -> str:
    return "no" if block is None else f"until {until(block)}: {plain(block.reason)}"


def until(block: Block) -> str:
    return "you end it" if block.until is None else moment(block.until)


def _facts(counts: LaunchCounts) -> list[tuple[str, str]]:
    waits, failed = counts.seconds_to_ready, counts.failed_by_stage
    return [
        ("Launches", str(counts.attempts)),
        ("Ready", f"{counts.ready} ({share(counts.success_rate)})"),
        ("Failed", _failed(failed.creating, failed.loading, failed.booting)),
        ("Withdrawn", f"{counts.withdrawn} (they say nothing of their machine)"),
        ("Lost later", str(counts.lost)),
        ("Ready after", f"median {duration(waits.p50_s)}, 90 % {duration(waits.p90_s)}"),
    ]


def _median(seconds: float | None, samples: int) -> str:
    return UNKNOWN if seconds is None else f"{duration(seconds)} (median of {samples})"


def _failed(creating: int, loading: int, booting: int) -> str:
    total = creating + loading + booting
    if not total:
        return "0"
    return f"{total} ({creating} creating, {loading} loading, {booting} booting)"


def _attempt(attempt: Attempt) -> tuple[str, ...]:
    outcome = plain(attempt.outcome)
    if attempt.lost_at is not None:
        outcome = "ready, lost later"
    elif attempt.outcome == "failed":
        outcome = f"failed {plain(attempt.stage)}"
    return (
        moment(attempt.ended_at),
        name(attempt),
        plain(attempt.gpu_name),
        outcome,
        duration(attempt.seconds),
        plain(attempt.lost_reason or attempt.reason),
    )


def _machine(machine: Machine) -> tuple[str, ...]:
    tally = machine.own or machine.shared
    shared = "" if machine.own else "*"
    return (
        name(machine),
        plain(machine.gpu_name),
        str(tally.attempts) if tally else UNKNOWN,
        str(tally.ready) if tally else UNKNOWN,
        str(tally.lost) if tally else UNKNOWN,
        f"{share(tally.reliability)}{shared}" if tally else UNKNOWN,
        blocked(machine.blacklist),
    )
