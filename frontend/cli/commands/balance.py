"""Money at the providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.figures import plain, usd
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from frontend.client.models.balances import Balance

_COLUMNS = (
    Column("PROVIDER"),
    Column("ACCOUNT", gives_way=True),
    Column("CREDIT", right=True),
    Column("TODAY", right=True),
    Column("THIS MONTH", right=True),
)


@click.command()
@connected
def balance(session: Session) -> None:
    """Your credit at the providers, and what was spent of it."""
    with session.client() as client:
        found = client.instances.balance()
    if session.as_json:
        session.out.model(found)
        return
    if found.items:
        session.out.table(_COLUMNS, [_row(account) for account in found.items])
        session.out.remark("Spent today and this month, by the provider's bill; days are UTC's.")
    elif not found.warnings:
        session.out.line("You have no account at any provider.")
    for warning in found.warnings:
        session.out.remark(f"Warning: {plain(warning.provider)}: {plain(warning.message)}")


def _row(account: Balance) -> tuple[str, ...]:
    return (
        plain(account.provider),
        plain(account.account_id),
        usd(account.credit_usd),
        usd(account.spent_today_usd),
        usd(account.spent_this_month_usd),
    )
