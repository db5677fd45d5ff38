"""Logins that outlive a command: one file, readable by its owner only."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frontend.client.vault import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_NAME = "default"


class ProfilesUnreadable(Exception):
    """The file is there and is not what this program wrote."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A login at one address. The tokens go to that address and nowhere else."""

    base_url: str
    email: str | None = None
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    @property
    def tokens(self) -> Tokens | None:
        return Tokens(self.access_token, self.refresh_token) if self.access_token else None


class Profiles:
    """The profiles file. Every write replaces it whole; writers wait for each other."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, name: str) -> Profile | None:
        """Raises ProfilesUnreadable, OSError."""
        return self._all().get(name)

    def put(self, name: str, profile: Profile) -> None:
        """Raises ProfilesUnreadable, OSError."""
        with self.locked():
            self._write({**self._all(), name: profile})

    def put_tokens(self, name: str, tokens: Tokens | None) -> None:
        """Changes the tokens of a profile that is there; the caller holds the lock."""
        profiles = self._all()
        if name in profiles:
            access = tokens.access if tokens is not None else None
            refresh = tokens.refresh if tokens is not None else None
            profiles[name] = replace(profiles[name], access_token=access, refresh_token=refresh)
            self._write(profiles)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time, across terminals."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        lock = os.open(self.path.with_suffix(".lock"), flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _all(self) -> dict[str, Profile]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            rows: Any = json.loads(text)["profiles"]
            return {name: _profile(row) for name, row in rows.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProfilesUnreadable(f"{self.path} is damaged: {error}") from error

    def _write(self, profiles: Mapping[str, Profile]) -> None:
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        rows = {name: asdict(profile) for name, profile in profiles.items()}
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump({"profiles": rows}, out, indent=2)
        fresh.replace(self.path)


class ProfileVault:
    """The tokens of one profile, shared by every `dumont` that runs."""

    def __init__(self, profiles: Profiles, name: str) -> None:
        self._profiles = profiles
        self._name = name
        self._inside = False

    def load(self) -> Tokens | None:
        profile = self._profiles.get(self._name)
        return profile.tokens if profile is not None else None

    def save(self, tokens: Tokens | None) -> None:
        if self._inside:
            self._profiles.put_tokens(self._name, tokens)
            return
        with self.held():
            self._profiles.put_tokens(self._name, tokens)

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._profiles.locked():
            self._inside = True
            try:
                yield
            finally:
                self._inside = False


def default_path(environment: Mapping[str, str]) -> Path:
    """$XDG_CONFIG_HOME/dumont/profiles.json, or under ~/.config."""
    home = environment.get("XDG_CONFIG_HOME", "")
    config = Path(home) if home.startswith("/") else Path.home() / ".config"
    return config / "dumont" / "profiles.json"


def _profile(row: Any) -> Profile:
    return Profile(
        base_url=str(row["base_url"]),
        email=row.get("email"),
        access_token=row.get("access_token"),
        refresh_token=row.get("refresh_token"),
    )
