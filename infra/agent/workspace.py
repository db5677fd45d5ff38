"""The user's side of the machine: the workspace folder, his key, his onstart line and its log."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.agent_wire.messages import Plan

LARGEST_LOG_BYTES = 8 << 20
LINES_PER_EVENT = 200
LONGEST_LINE = 2000
_READ_BYTES = 1 << 16


def workspace_of(plan: Plan | None, environ: Mapping[str, str]) -> Path:
    """Where this machine keeps it: WORKSPACE names it, else the plan, else /workspace."""
    named = environ.get("WORKSPACE", "") or (plan.workspace if plan else "")
    return Path(named or "/workspace")


def let_in(public_key: str, home: Path) -> None:
    """Add the key to authorized_keys once; others that the provider put there stay."""
    line = public_key.strip()
    if not line or "\n" in line:
        return
    folder = home / ".ssh"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "authorized_keys"
    present = path.read_text(errors="replace") if path.exists() else ""
    if line in present.splitlines():
        return
    gap = "" if not present or present.endswith("\n") else "\n"
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(fd, "a") as file:
        file.write(f"{gap}{line}\n")


class OnstartLine:
    """Runs the user's line in the workspace; what it says goes to a file and from there in chunks.

    The process outlives the agent: it is a session of its own and writes to the file itself.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "onstart.log"
        self._mark = folder / "onstart.shipped"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._offset = 0

    def run(self, plan: Plan, workspace: Path, environ: Mapping[str, str]) -> None:
        """Start the line in the background. Raises OSError when not even a shell can be had."""
        if not plan.onstart.strip():
            return
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", plan.onstart],
                cwd=workspace,
                env={**environ, **plan.env, "WORKSPACE": str(workspace)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)

    def reap(self) -> int:
        """Collect what has ended, so that no zombie stays; how many still run."""
        self._processes = [each for each in self._processes if each.poll() is None]
        return len(self._processes)

    def new_lines(self) -> tuple[str, ...]:
        """Whole lines written since the last call; `shipped` makes that lasting."""
        offset = self._shipped()
        try:
            with self._log.open("rb") as log:
                log.seek(offset)
                content = log.read(_READ_BYTES)
        except OSError:
            return ()
        if len(content) < _READ_BYTES and not content.endswith(b"\n"):
            content = content[: content.rfind(b"\n") + 1]
        rows = content.splitlines(keepends=True)[:LINES_PER_EVENT]
        self._offset = offset + sum(len(row) for row in rows)
        return tuple(row.decode("utf-8", "replace").rstrip("\r\n")[:LONGEST_LINE] for row in rows)

    def shipped(self) -> None:
        """What `new_lines` gave last is in the spool. A log that grew long starts anew."""
        with contextlib.suppress(OSError):
            if self._offset == self._log.stat().st_size and self._offset > LARGEST_LOG_BYTES:
                os.truncate(self._log, 0)
                self._offset = 0
        self._mark.write_text(str(self._offset))

    def _shipped(self) -> int:
        try:
            offset = int(self._mark.read_text())
            return offset if offset <= self._log.stat().st_size else 0
        except (OSError, ValueError):
            return 0
