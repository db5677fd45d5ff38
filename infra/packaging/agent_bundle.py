"""Builds the agent's bundle: one zipapp that needs Python 3.10 or newer and nothing else.

The same sources give the same bytes: names are sorted, times fixed, rights uniform. NVIDIA's
binding is taken along from the environment that builds.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
from pathlib import Path

from infra.packaging.zips import zipped

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("infra/agent", "shared/snapshot", "shared/agent_wire")
FILES = (
    "infra/__init__.py",
    "shared/__init__.py",
    "shared/domain/__init__.py",
    "shared/domain/errors.py",
    "shared/ports/__init__.py",
    "shared/ports/blobs.py",
)
# Read by whatever Python the image has, so its syntax is that of all of them.
ENTRY = """\
import sys
if sys.version_info < (3, 10):
    sys.stderr.write("dumont: the agent needs Python 3.10 or newer\\n")
    sys.exit(66)
from infra.agent.main import main
sys.exit(main())
"""


def build() -> tuple[bytes, str]:
    """The bundle and its sha256 in hex."""
    members = {name: (ROOT / name).read_bytes() for name in _sources()}
    members["__main__.py"] = ENTRY.encode()
    members["pynvml.py"] = _binding()
    bundle = b"#!/usr/bin/env python3\n" + zipped(members)
    return bundle, hashlib.sha256(bundle).hexdigest()


def _sources() -> list[str]:
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    ]
    return [*found, *FILES]


def _binding() -> bytes:
    spec = importlib.util.find_spec("pynvml")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("nvidia-ml-py is not installed here")
    return Path(spec.origin).read_bytes()


def main(arguments: list[str]) -> int:
    """Write the bundle where told and print its sha256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/agent.pyz"))
    out: Path = parser.parse_args(arguments).out
    bundle, digest = build()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(bundle)
    print(digest)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
