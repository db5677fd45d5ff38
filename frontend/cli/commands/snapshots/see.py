"""The table of what is kept."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from frontend.cli.figures import UNKNOWN, moment, plain, size
from frontend.cli.output import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from frontend.cli.session import Session
    from frontend.client.models.history import Snapshot

_COLUMNS = (
    Column("SNAPSHOT"),
    Column("SIZE", right=True),
    Column("NEW", right=True),
    Column("VERIFIED"),
    Column("KEEP"),
)
_INSTEAD_OF_A_MOMENT = {"condemned": "being removed", "abandoned": "abandoned"}


def show(session: Session, found: Sequence[Snapshot]) -> None:
    """A table for each instance, or a sentence when there is nothing.

    Two ids of the length that ours have would leave no room for anything else in 80 columns.
    """
    if not found:
        session.out.line("No snapshots yet. `dumont instance snapshot ID` takes one.")
    by_instance = sorted(found, key=_instance_of)
    for place, (instance_id, own) in enumerate(groupby(by_instance, key=_instance_of)):
        if place:
            session.out.line()
        session.out.line(f"Of {plain(instance_id)}:")
        session.out.table(_COLUMNS, [_row(each) for each in own])


def _instance_of(snapshot: Snapshot) -> str:
    return snapshot.instance_id or ""


def _row(snapshot: Snapshot) -> tuple[str, ...]:
    return (
        snapshot.id,
        size(snapshot.size_bytes),
        size(snapshot.new_bytes),
        _standing(snapshot),
        "yes" if snapshot.keep else UNKNOWN,
    )


def _standing(snapshot: Snapshot) -> str:
    """When it was verified, or why that does not count."""
    instead = _INSTEAD_OF_A_MOMENT.get(snapshot.state or "")
    if instead is not None:
        return instead
    if snapshot.damage:
        return "damaged"
    return moment(snapshot.verified_at) if snapshot.verified_at is not None else "not verified"
