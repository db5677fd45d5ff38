"""Builds the agent's bundle: one zipapp that needs Python 3.10 or newer and nothing else, and for
each of those versions a pack of wheels that it fetches and unpacks beside (agent_wheels).

The zipapp names each pack by its sha256, so that whoever checks the zipapp has checked them all.
The same sources give the same bytes: names are sorted, times fixed, rights uniform. NVIDIA's
binding is taken along from the environment that builds.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from infra.packaging.agent_wheels import (
    VERSIONS,
    Pack,
    WheelsUnavailableError,
    listing,
    pack_of,
)
from infra.packaging.zips import zipped

if TYPE_CHECKING:
    from collections.abc import Iterable

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
if __name__ == "__main__":
    sys.exit(main())
"""


@dataclass(frozen=True, slots=True)
class AgentBundle:
    """`sha256` is the zipapp's, in hex; `packs` are archives of wheels by their sha256."""

    app: bytes
    sha256: str
    packs: Mapping[str, bytes] = field(default_factory=dict)


def build(versions: Iterable[str] = VERSIONS, *, or_without: bool = False) -> AgentBundle:
    """The agent with packs for these versions of Python.

    Raises WheelsUnavailableError, or says it in the bundle with `or_without`: the agent then
    writes snapshots with the engine that needs no wheels.
    """
    packs = _packs(list(versions), or_without=or_without)
    members = {name: (ROOT / name).read_bytes() for name in _sources()}
    members["__main__.py"] = ENTRY.encode()
    members["pynvml.py"] = _binding()
    members["infra/agent/wheels.json"] = listing(packs)
    app = b"#!/usr/bin/env python3\n" + zipped(members)
    made = {pack.sha256: pack.content for pack in packs.values() if pack.content}
    return AgentBundle(app, hashlib.sha256(app).hexdigest(), made)


def _packs(versions: list[str], *, or_without: bool) -> dict[str, Pack]:
    """Side by side: the first time most of it is waiting for the registry."""
    with ThreadPoolExecutor() as pool:
        found = pool.map(partial(_pack, or_without=or_without), versions)
        return dict(zip(versions, found, strict=True))


def _pack(version: str, *, or_without: bool) -> Pack:
    try:
        return pack_of(version)
    except WheelsUnavailableError as error:
        if not or_without:
            raise
        print(f"The agent goes without its wheels: {error}", file=sys.stderr)
        return Pack(missing="its wheels could not be fetched when the agent was built")


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
    """Build it, into a folder where one is told; print the sha256 and the size of each part."""
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.agent_bundle")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--or-without", action="store_true", help="where no wheels can be had")
    told = parser.parse_args(arguments)
    made = build(or_without=told.or_without)
    files = {"agent.pyz": made.app, **{f"{key}.zip": pack for key, pack in made.packs.items()}}
    for name, content in files.items():
        print(f"{hashlib.sha256(content).hexdigest()} {len(content):>9} {name}")
        if told.out:
            told.out.mkdir(parents=True, exist_ok=True)
            (told.out / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
