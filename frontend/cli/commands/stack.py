"""The local stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import click


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where the API listens (8080).")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where its files live.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def up(
    context: click.Context, port: int | None, data_dir: str | None, arguments: tuple[str, ...]
) -> None:
    """Start a Dumont Cloud on this computer; Ctrl-C stops it."""
    environment = dict(os.environ)
    if port is not None:
        environment["PORT"] = str(port)
    if data_dir is not None:
        environment["DUMONT_DATA_DIR"] = data_dir
    context.exit(_in_foreground([sys.executable, "-m", "infra.local", *arguments], environment))


def _in_foreground(command: list[str], environment: dict[str, str]) -> int:
    """The stack's own exit status. Ctrl-C reaches the stack itself; this waits for its end."""
    with subprocess.Popen(command, env=environment) as stack:
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        terminate = signal.signal(signal.SIGTERM, lambda *_: stack.terminate())
        try:
            status = stack.wait()
        finally:
            signal.signal(signal.SIGINT, previous)
            signal.signal(signal.SIGTERM, terminate)
    return 0 if status in {0, -signal.SIGINT, 130} else 1
