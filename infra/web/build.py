"""`python -m infra.web.build`: the static web app, in frontend/web/dist.

Built only when its sources have changed since.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

from infra.web.node import WEB, NoNode, find_node
from infra.web.packages import install

if TYPE_CHECKING:
    from pathlib import Path

DIST = WEB / "dist"
_STAMP = DIST / ".sources"
_LOCK = WEB / ".build.lock"
_SOURCES = ("src", "public")
_LINES = 12


class NotBuilt(RuntimeError):
    """Why there is no web app; the API does without."""


def built() -> Path:
    """The folder of the app as it was last built. Raises NotBuilt."""
    if not (DIST / "index.html").exists():
        raise NotBuilt("it was never built: python -m infra.web.build")
    return DIST


def is_fresh() -> bool:
    """Whether the last build was of the sources as they are."""
    return _STAMP.exists() and _STAMP.read_text() == sources_digest()


def ensure_built() -> Path:
    """The folder of the built app, built anew where its sources have changed. Raises NotBuilt.

    One at a time: whoever comes second finds it built.
    """
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = sources_digest()
        if not is_fresh():
            _build()
            _STAMP.write_text(digest)
    return DIST


def _build() -> None:
    try:
        node = find_node()
        install(node, checks=False)
        node.run("npm", "run", "build", "--silent", quiet=True)
    except NoNode as error:
        raise NotBuilt(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise NotBuilt(f"{' '.join(error.cmd[-3:])} failed:\n{_end_of(error)}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(str(error)) from error


def sources_digest() -> str:
    """One digest of everything that the build reads."""
    top = [each for each in WEB.iterdir() if each.is_file() and each != _LOCK]
    below = [path for name in _SOURCES for path in (WEB / name).rglob("*") if path.is_file()]
    found = hashlib.sha256()
    for path in sorted(top + below):
        found.update(f"{path.relative_to(WEB)}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _end_of(error: subprocess.CalledProcessError) -> str:
    told = f"{error.stdout or ''}{error.stderr or ''}"
    return "\n".join(told.strip().splitlines()[-_LINES:])


def main() -> int:
    try:
        print(ensure_built())
    except NotBuilt as error:
        print(f"The web app is not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
