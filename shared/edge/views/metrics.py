"""Figures in the text form of Prometheus. What is unknown has no sample; it is never zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth.operators import require_operator
from shared.app.metrics import Summary, summary
from shared.domain.billing.money import to_usd
from shared.edge.files import deployed
from shared.edge.route import Answer, Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from shared.contract.paging import NoBody, NoQuery

# The kind of entry in the audit that is counted -> its metric, and what that tells.
_ACTS = {
    "orphan.found": ("dumont_orphans_found_total", "Contracts of ours that nobody ordered"),
    "orphan.destroyed": (
        "dumont_orphans_destroyed_total",
        "Destroys of such contracts that were taken",
    ),
    "rental.adopted": (
        "dumont_adoptions_total",
        "Contracts bound from a listing after a lost answer",
    ),
    "failover.confirmed": ("dumont_failovers_total", "Machines that were given up for lost"),
    "ledger.difference": (
        "dumont_ledger_differences_total",
        "Lines of a bill that our ledger does not explain",
    ),
    "sweep.stopped": ("dumont_sweeps_stopped_total", "Sweeps that stopped at their cap"),
    "snapshot.damaged": (
        "dumont_snapshots_damaged_total",
        "Snapshots that were not as written when they were read again",
    ),
}
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(call: Call[NoQuery, NoBody]) -> Answer:
    """An operator's: the figures are of everybody's machines and money."""
    require_operator(call.services, call.user, "reads its figures")
    deployment = deployed()
    names = {*deployment.areas.values(), *(each.name for each in deployment.background)}
    lines = "\n".join(_lines(summary(call.services, sorted(names))))
    return Answer(text=lines + "\n", media_type=MEDIA_TYPE)


def _lines(known: Summary) -> Iterator[str]:
    yield from _by_state("dumont_instances", "Instances by state", known.instances)
    yield from _by_state("dumont_rentals_open", "Rentals not gone, by state", known.open_rentals)
    yield from _money(known)
    for kind, (name, told) in _ACTS.items():
        if kind in known.acts:
            yield from _one(name, told, known.acts[kind], "counter")
    yield from _head("dumont_function_errors_total", "Failures, by function", "counter")
    for function, count in known.failures.items():
        yield f'dumont_function_errors_total{{function="{function}"}} {count}'
    yield from _head("dumont_messages_rejected_total", "Refused for good, by function", "counter")
    for each in deployed().background:
        if each.topic:
            count = known.rejected.get(each.name, 0)
            yield f'dumont_messages_rejected_total{{function="{each.name}"}} {count}'
    yield from _one(
        "dumont_oldest_lease_seconds", "Longest silence of a live machine", known.oldest_lease_s
    )
    yield from _one("dumont_sweep_backlog", "Due and not reached by the last sweep", known.backlog)
    yield from _one(
        "dumont_sweep_success_timestamp_seconds",
        "When a sweep last succeeded",
        _seconds(known.swept_at),
    )
    yield from _one(
        "dumont_summary_timestamp_seconds",
        "When these figures were taken",
        _seconds(known.taken_at),
    )


def _by_state(name: str, told: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield from _head(name, told)
    for state, count in counts.items():
        yield f'{name}{{state="{state}"}} {count}'


def _money(known: Summary) -> Iterator[str]:
    rate = None if known.spend_rate is None else to_usd(known.spend_rate)
    yield from _one("dumont_spend_rate_usd_per_hour", "What everything that stands costs", rate)
    yield from _one(
        "dumont_rentals_unknown",
        "Creates that may or may not have made a contract",
        known.open_rentals.get("unknown"),
    )
    yield from _one(
        "dumont_oldest_unknown_seconds",
        "How long the oldest of them is unknown",
        known.oldest_unknown_s,
    )
    yield from _one(
        "dumont_releases_pending",
        "Releases that are not proven yet",
        known.open_rentals.get("releasing"),
    )
    yield from _one(
        "dumont_oldest_release_seconds",
        "How long the oldest of them is pending",
        known.oldest_release_s,
    )


def _one(name: str, told: str, value: float | None, kind: str = "gauge") -> Iterator[str]:
    if value is not None:
        yield from _head(name, told, kind)
        yield f"{name} {value}"


def _head(name: str, told: str, kind: str = "gauge") -> tuple[str, str]:
    return f"# HELP {name} {told}.", f"# TYPE {name} {kind}"


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
