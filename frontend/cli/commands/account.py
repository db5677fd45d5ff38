"""register, login, logout, whoami."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from frontend.cli.profiles import Profile
from frontend.cli.session import Session, connected
from frontend.client.errors import Unreachable

if TYPE_CHECKING:
    from frontend.client.dumont import Dumont
    from frontend.client.models.history import User


def _password(*, from_stdin: bool, again: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=again, err=True))


_email = click.option("--email", prompt="E-mail", help="Your address.")
_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from a pipe.")


@click.command()
@_email
@_from_stdin
@click.option("--setup-token", help="From the set-up link of a new deployment.")
@connected
def register(
    session: Session, email: str, setup_token: str | None, *, password_stdin: bool
) -> None:
    """Open an account and log in."""
    password = _password(from_stdin=password_stdin, again=True)
    with _stranger(session) as client:
        _saved(session, client, client.auth.register(email, password, setup_token))


@click.command()
@_email
@_from_stdin
@connected
def login(session: Session, email: str, *, password_stdin: bool) -> None:
    """Log in; the login is kept in the profile."""
    password = _password(from_stdin=password_stdin, again=False)
    with _stranger(session) as client:
        _saved(session, client, client.auth.login(email, password))


@click.command()
@connected
def logout(session: Session) -> None:
    """End the login, here and on the server."""
    told = True
    with session.client() as client:
        try:
            client.auth.logout()
        except Unreachable:
            told = False
    if session.as_json:
        session.out.json({"logged_out": True, "server_told": told})
    session.out.line(f"Logged out of {session.base_url}.")
    if not told:
        session.out.remark("The server did not answer: there the login ends by itself in 30 days.")


@click.command()
@connected
def whoami(session: Session) -> None:
    """Show who is logged in, and where."""
    with session.client() as client:
        user = client.auth.me()
    if session.as_json:
        session.out.json({"id": user.id, "email": user.email, "base_url": session.base_url})
    session.out.line(f"{user.email} ({user.id}) at {session.base_url}")


def _stranger(session: Session) -> Dumont:
    from frontend.client.dumont import Dumont

    return Dumont(session.base_url)


def _saved(session: Session, client: Dumont, user: User) -> None:
    tokens = client.transport.vault.load()
    assert tokens is not None
    profile = Profile(session.base_url, user.email, tokens.access, tokens.refresh)
    session.profiles.put(session.profile_name, profile)
    if session.as_json:
        session.out.json({"id": user.id, "email": user.email, "base_url": session.base_url})
    session.out.line(f"Logged in to {session.base_url} as {user.email}.")
    session.out.remark("Next: `dumont offers` shows what can be rented.")
