"""The user's ssh keys: which public one goes with a machine, which private ones open it."""

from __future__ import annotations

import os
from pathlib import Path

import click

_LONGEST_KEY = 16_384


def public_key_file(path: str | None) -> Path | None:
    """The one that was named, else the first of ~/.ssh; None where there is none."""
    if path is not None:
        return Path(path)
    return next(iter(_public_keys()), None)


def public_key(path: str | None) -> str | None:
    """What that file holds. Raises click.UsageError for a private key, OSError."""
    file = public_key_file(path)
    if file is None:
        return None
    text = file.read_text(encoding="utf-8", errors="replace")[:_LONGEST_KEY].strip()
    if "PRIVATE KEY" in text:
        raise click.UsageError(f"{file} is a private key; give its .pub file.")
    return text


def identity_beside(path: str | None) -> Path | None:
    """The private key of a public one that was named and that ssh does not try by itself."""
    if path is None or Path(path).absolute() in _public_keys():
        return None
    return _private(Path(path))


def identities() -> tuple[Path, ...]:
    """Private keys of ~/.ssh where ssh would not look: it goes by the account, not by HOME."""
    if Path.home() == _home_of_account():
        return ()
    return tuple(key for each in _public_keys() if (key := _private(each)) is not None)


def _public_keys() -> list[Path]:
    return sorted((Path.home() / ".ssh").glob("id_*.pub"))


def _private(public: Path) -> Path | None:
    key = public.with_suffix("")
    return key if public.suffix == ".pub" and key.is_file() else None


def _home_of_account() -> Path:
    try:
        import pwd
    except ImportError:  # no such book of accounts: there ssh goes by what Path.home() says
        return Path.home()
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path.home()
