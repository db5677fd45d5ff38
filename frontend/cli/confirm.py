"""Asking before something is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from frontend.cli.session import Session


def confirm(session: Session, consequences: str) -> None:
    """Returns once a person has agreed. Raises click.UsageError where nobody can be asked, and
    click.Abort at a no.
    """
    if session.as_json or not sys.stdin.isatty():
        raise click.UsageError(f"{consequences} Say --yes to go ahead.")
    session.out.remark(consequences)
    click.confirm("Go ahead?", abort=True, err=True)
