"""`dumont budget ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from frontend.cli.figures import UNKNOWN, moment, plain, usd
from frontend.cli.output import Column
from frontend.cli.session import Session, connected

if TYPE_CHECKING:
    from frontend.client.models.budgets import Budget, Budgets

_COLUMNS = (
    Column("FOR", gives_way=True),
    Column("PERIOD"),
    Column("CAP", right=True),
    Column("THEN"),
    Column("SPENT", right=True),
    Column("RESERVED", right=True),
    Column("LEFT", right=True),
)
NONE = "none"


@click.group()
def budget() -> None:
    """What may be spent, and what happens at the limit."""


@budget.command()
@connected
def show(session: Session) -> None:
    """Your caps, and what is spent, reserved and left."""
    with session.client() as client:
        _tell(session, client.budgets.show())


@budget.command("set")
@click.argument("cap", metavar="USD|none")
@click.option("--hourly", is_flag=True, help="A limit of the rate, not of the month.")
@click.option(
    "--at-limit",
    type=click.Choice(["warn", "block", "hibernate"]),
    default="block",
    show_default=True,
    help="Only tell you, begin nothing new, or also put to sleep what runs.",
)
@click.option("--instance", "instance_id", help="For one instance only.")
@connected
def set_cap(
    session: Session, cap: str, at_limit: str, instance_id: str | None, *, hourly: bool
) -> None:
    """Set a cap in USD a month, or remove it with `none`."""
    amount = None if cap == NONE else _amount(cap)
    with session.client() as client:
        after = client.budgets.set(
            amount,
            period="hourly" if hourly else "monthly",
            at_limit=at_limit,
            instance_id=instance_id,
        )
    _tell(session, after)


def _amount(typed: str) -> float:
    try:
        amount = float(typed.removeprefix("$"))
    except ValueError:
        raise click.BadParameter(f"{typed!r} is neither an amount nor `{NONE}`") from None
    if not 0 <= amount <= 10_000_000:
        raise click.BadParameter("a cap is from 0 to 10,000,000 USD")
    return amount


def _tell(session: Session, found: Budgets) -> None:
    if session.as_json:
        session.out.model(found)
        return
    session.out.table(_COLUMNS, [_row(each) for each in found.items])
    session.out.remark(
        f"The month is UTC's {plain(found.month)}, until {moment(found.month_ends_at)} your time. "
        "Hourly figures are rates."
    )


def _row(line: Budget) -> tuple[str, ...]:
    hourly = line.period == "hourly"
    return (
        plain(line.instance_id) if line.instance_id else "everything",
        plain(line.period),
        usd(line.cap_usd),
        plain(line.at_limit),
        usd(line.spent_usd),
        UNKNOWN if hourly else usd(line.reserved_usd),
        usd(line.left_usd),
    )
