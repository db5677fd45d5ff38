"""One ssh connection to a machine: exec, shell and sftp, for whoever's key is known.

Keys: those of the account and the instance (run/authorized_keys, written by the simulator) and
the machine's own ~/.ssh/authorized_keys, read anew at every connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    import socket

LAST_WORDS_S = 2.0


async def converse(connection: socket.socket, spec: dict[str, object]) -> None:
    """Serve the accepted connection until it closes."""
    run = Path(str(spec["run"]))
    session = await asyncssh.run_server(
        connection,
        server_host_keys=[_host_key(run)],
        authorized_client_keys=_known_keys(spec, run),
        process_factory=lambda process: _run(process, spec),
        encoding=None,
        sftp_factory=True,
        allow_scp=True,
    )
    await session.wait_closed()


def _host_key(run: Path) -> asyncssh.SSHKey:
    path = run / "ssh_host_key"
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519")
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
    return asyncssh.read_private_key(str(path))


def _known_keys(spec: dict[str, object], run: Path) -> asyncssh.SSHAuthorizedKeys | None:
    """Lines that parse, None without any; one bad line must not lock everybody out."""
    own = Path(str(spec["home"])) / ".ssh/authorized_keys"
    good = []
    for path in (run / "authorized_keys", own):
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                asyncssh.import_authorized_keys(line)
            except ValueError:
                continue
            good.append(line)
    return asyncssh.import_authorized_keys("\n".join(good)) if good else None


async def _run(process: asyncssh.SSHServerProcess[bytes], spec: dict[str, object]) -> None:
    line = ["sh", "-c", process.command] if process.command else ["sh", "-l"]
    environment = dict(spec["environment"])  # type: ignore[call-overload]
    environment["SSH_CONNECTION"] = _connection(process)
    if process.term_type:
        await _run_on_terminal(process, line, {**environment, "TERM": process.term_type}, spec)
        return
    child = await asyncio.create_subprocess_exec(
        *line,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=str(spec["home"]),
        start_new_session=True,
    )
    await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
    status = await child.wait()
    await _told(process)
    process.exit(status)


async def _told(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """All output is on its way; what a job in the background may still write is not awaited."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS_S):
            await process.stdout.drain()
            await process.stderr.drain()


def _connection(process: asyncssh.SSHServerProcess[bytes]) -> str:
    """As OpenSSH sets it: client address and port, server address and port."""
    ends = (process.get_extra_info("peername"), process.get_extra_info("sockname"))
    return " ".join(
        f"{end[0]} {end[1]}" if isinstance(end, tuple) and len(end) >= 2 else "127.0.0.1 0"
        for end in ends
    )


async def _run_on_terminal(
    process: asyncssh.SSHServerProcess[bytes],
    line: list[str],
    environment: dict[str, str],
    spec: dict[str, object],
) -> None:
    ours, theirs = pty.openpty()
    child = await asyncio.create_subprocess_exec(
        *line,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        cwd=str(spec["home"]),
        start_new_session=True,
    )
    os.close(theirs)
    await process.redirect(stdin=ours, stdout=os.dup(ours))
    process.exit(await child.wait())
