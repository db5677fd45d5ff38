"""Commands on the rented machine, over SSH with a key made for this run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncssh

from infra.local.demo.journal import DemoFailed

if TYPE_CHECKING:
    from frontend.client.models.instances import SshAddress

CONNECT_S = 10.0
SHOWN_CHARACTERS = 500


class NotYet(Exception):
    """The machine does not let us in so far."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key pair, never written to disk."""

    private: asyncssh.SSHKey

    @classmethod
    def fresh(cls) -> Key:
        return cls(asyncssh.generate_private_key("ssh-ed25519", comment="dumont-demo"))

    @property
    def public_line(self) -> str:
        return str(self.private.export_public_key().decode().strip())


def run(address: SshAddress, key: Key, command: str, *, stdin: str = "", within_s: float) -> str:
    """What the command printed. Raises NotYet when there is no way in, DemoFailed when the
    command fails or takes too long.

    Host keys are not checked: the machine was made a moment ago and nobody has told us its key.
    """
    try:
        return asyncio.run(_run(address, key, command, stdin, within_s))
    except (OSError, asyncssh.DisconnectError) as error:
        raise NotYet(str(error)) from error


async def _run(address: SshAddress, key: Key, command: str, stdin: str, within_s: float) -> str:
    async with asyncssh.connect(
        address.host,
        address.port,
        username=address.user,
        client_keys=[key.private],
        known_hosts=None,
        agent_path=None,
        config=None,
        connect_timeout=min(CONNECT_S, within_s),
        login_timeout=CONNECT_S,
    ) as connection:
        try:
            done = await asyncio.wait_for(connection.run(command, input=stdin), within_s)
        except TimeoutError:
            raise DemoFailed(f"`{command}` took longer than {within_s:.0f} s") from None
    if done.exit_status != 0:
        said = str(done.stderr)[-SHOWN_CHARACTERS:].strip()
        raise DemoFailed(f"`{command}` ended with status {done.exit_status}: {said}")
    return str(done.stdout)
