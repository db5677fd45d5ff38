"""Who did what, and why."""

from __future__ import annotations

from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

import click

from frontend.cli.figures import moment, plain
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from datetime import datetime

    from frontend.client.models.history import Act

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.option("--since", type=_MOMENT, help="From then on (UTC).")
@click.option("--until", type=_MOMENT, help="Before then (UTC).")
@click.option("--actor", help="Only of this user, key, `function:<name>` or `agent`.")
@click.option("--action", help="Only of this kind, say `ordered.destroy`.")
@click.option("--target", help="Only on this instance, rental, contract, snapshot or key.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@connected
def audit(
    session: Session,
    since: datetime | None,
    until: datetime | None,
    actor: str | None,
    action: str | None,
    target: str | None,
    limit: int,
) -> None:
    """Who or what did what with your things, and why; the newest last."""
    with session.client() as client:
        acts = client.audit.all(
            since=_utc(since), until=_utc(until), actor=actor, action=action, target=target
        )
        found = list(islice(acts, limit))
    if session.as_json:
        session.out.models(found)
        return
    if not found:
        session.out.line("Nothing of that kind is recorded.")
        return
    for act in reversed(found):
        session.out.line(_told(act))


def _utc(typed: datetime | None) -> datetime | None:
    return typed.replace(tzinfo=UTC) if typed else None


def _told(act: Act) -> str:
    """One line, nothing shortened: an id that is cut finds nothing."""
    where = act.target or act.rental_id or act.instance_id
    said = (plain(act.actor), plain(act.action), plain(where), plain(act.reason))
    return "  ".join((moment(act.at), *said))
