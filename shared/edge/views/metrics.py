"""Figures in the text form of Prometheus. What is unknown has no sample; it is never zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.metrics import Summary, summary
from shared.edge.route import Answer, Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from shared.contract.paging import NoBody, NoQuery

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(call: Call[NoQuery, NoBody]) -> Answer:
    lines = "\n".join(_lines(summary(call.services)))
    return Answer(text=lines + "\n", media_type=MEDIA_TYPE)


def _lines(known: Summary) -> Iterator[str]:
    yield from _by_state("dumont_instances", "Instances by state", known.instances)
    yield from _by_state("dumont_rentals_open", "Rentals not gone, by state", known.open_rentals)
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


def _one(name: str, told: str, value: float | None) -> Iterator[str]:
    if value is not None:
        yield from _head(name, told)
        yield f"{name} {value}"


def _head(name: str, told: str) -> tuple[str, str]:
    return f"# HELP {name} {told}.", f"# TYPE {name} gauge"


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
