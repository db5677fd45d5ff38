"""What every command knows: where the server is, who asks, how to answer."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from frontend.cli.output import Output
from frontend.cli.profiles import DEFAULT_NAME, Profiles, ProfileVault, default_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from frontend.client.dumont import Dumont

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Session:
    """The settings of one command: option, then environment, then profile, then default."""

    base_url_asked: str | None = None
    profile_name: str = DEFAULT_NAME
    api_key: str | None = field(default=None, repr=False)
    as_json: bool = False

    @property
    def out(self) -> Output:
        return Output(as_json=self.as_json)

    @property
    def profiles(self) -> Profiles:
        return Profiles(default_path(os.environ))

    @property
    def base_url(self) -> str:
        """The address, without a slash at its end."""
        from frontend.client.dumont import LOCAL_STACK

        profile = self.profiles.get(self.profile_name)
        known = profile.base_url if profile is not None else LOCAL_STACK
        return (self.base_url_asked or known).strip().rstrip("/")

    def client(self) -> Dumont:
        """A client with the profile's login, if that login is for this very address."""
        from frontend.client.dumont import Dumont

        base_url = self.base_url
        profile = self.profiles.get(self.profile_name)
        vault = None
        if profile is not None and profile.base_url == base_url:
            vault = ProfileVault(self.profiles, self.profile_name)
        return Dumont(base_url, api_key=self.api_key, vault=vault)


def connected(
    command: Callable[Concatenate[Session, P], None],
) -> Callable[..., None]:
    """Adds the options that every command takes, and hands it the session they make.

    They may stand before the command or after it.
    """

    @click.option("--base-url", metavar="URL", help="Where the Dumont Cloud is.")
    @click.option("--profile", metavar="NAME", help="Which saved login to use.")
    @click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
    @click.pass_context
    @functools.wraps(command)
    def run(context: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> None:
        session = context.find_object(Session) or Session()
        base_url, profile = kwargs.pop("base_url"), kwargs.pop("profile")
        as_json = kwargs.pop("as_json")
        session = replace(
            session,
            base_url_asked=str(base_url) if base_url else session.base_url_asked,
            profile_name=str(profile) if profile else session.profile_name,
            as_json=bool(as_json) or session.as_json,
        )
        command(session, *args, **kwargs)

    return run
