"""What the web app's package-lock.json names, installed once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from infra.web.node import WEB

if TYPE_CHECKING:
    from infra.web.node import Node

LOCK = WEB / "package-lock.json"
_STAMP = WEB / "node_modules" / ".dumont"


def install(node: Node, *, checks: bool) -> None:
    """What the build needs, and with `checks` what its checks need; nothing where it is there.

    Raises subprocess.CalledProcessError, TimeoutExpired.
    """
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    there = _STAMP.read_text().split() if _STAMP.exists() else []
    if there[:1] == [digest] and (not checks or "checks" in there):
        return
    omitted = () if checks else ("--omit=dev",)
    node.run("npm", "ci", "--no-audit", "--no-fund", *omitted, quiet=True)
    _STAMP.write_text(f"{digest} {'checks' if checks else 'build'}\n")
