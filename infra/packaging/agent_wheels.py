"""What the agent's snapshot engine needs beside the standard library, for each Python it may meet.

One pack per CPython version: the wheels that `wheels/cp3xx.txt` pins by version and sha256, as one
archive of their files. They are fetched with `pip download`, once per lock, into build/agent.
An extension module does not load from an archive, so the machine unpacks it (infra/agent/wheels).

`python -m infra.packaging.agent_wheels` pins anew what the registry has now.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.packaging.distributions import pinned
from infra.packaging.zips import zipped

ROOT = Path(__file__).resolve().parents[2]
LOCKS = Path(__file__).parent / "wheels"
BUILT = ROOT / "build" / "agent"
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
PLATFORM = "manylinux2014_x86_64"
# What the engine imports by itself; what these need in turn is in the locks.
WANTED = ("blake3", "cryptography", "pyfastcdc", "zstandard")
# A second back end of zstandard that is used on other interpreters alone: half of its wheel.
LEFT_OUT = re.compile(r"zstandard/(_cffi\.|backend_cffi\.py)|.*\.pyi$")
MISSING = "# no wheel: "
FETCH_S = 300


class WheelsUnavailableError(Exception):
    """The registry did not give what the lock names."""


@dataclass(frozen=True, slots=True)
class Pack:
    """`missing` says why there is none; then `content` is empty."""

    content: bytes = b""
    sha256: str = ""
    unpacked_bytes: int = 0
    missing: str = ""

    def listed(self) -> dict[str, object]:
        """What the agent is told of it."""
        told = asdict(self)
        del told["content"]
        return {**told, "size_bytes": len(self.content)}


def pack_of(version: str) -> Pack:
    """The pack for one version ("3.11"). Raises WheelsUnavailableError."""
    lock = lock_of(version)
    missing = [line[len(MISSING) :] for line in lock.splitlines() if line.startswith(MISSING)]
    if missing:
        return Pack(missing=f"there is no wheel of {', '.join(missing)} for CPython {version}")
    made_of = hashlib.sha256(f"{lock}{LEFT_OUT.pattern}".encode()).hexdigest()
    content = _built(version, BUILT / f"wheels-{tag_of(version)}-{made_of[:16]}.zip")
    return Pack(content, hashlib.sha256(content).hexdigest(), _unpacked_bytes(content))


def lock_of(version: str) -> str:
    """Requirements with hashes, as pip reads them."""
    return (LOCKS / f"{tag_of(version)}.txt").read_text()


def tag_of(version: str) -> str:
    """As wheels and the agent name it: "3.11" is "cp311"."""
    return "cp" + version.replace(".", "")


def listing(packs: dict[str, Pack]) -> bytes:
    """The agent's own file wheels.json: what there is for each version."""
    told = {tag_of(version): pack.listed() for version, pack in packs.items()}
    return json.dumps(told, indent=1, sort_keys=True).encode()


def _built(version: str, path: Path) -> bytes:
    """The pack as it was made before, else made now: by one of those who ask at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            beside = path.with_suffix(".new")
            beside.write_bytes(zipped(_members(version)))
            beside.replace(path)
    return path.read_bytes()


def _members(version: str) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        lock = LOCKS / f"{tag_of(version)}.txt"
        _download(version, folder, "--require-hashes", "--no-deps", "-r", str(lock))
        for wheel in sorted(folder.glob("*.whl")):
            with zipfile.ZipFile(wheel) as packed:
                for name in packed.namelist():
                    if not name.endswith("/") and not LEFT_OUT.match(name):
                        members[name] = packed.read(name)
    return members


def _download(version: str, folder: Path, *what: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--only-binary", ":all:", "--implementation", "cp"),
        *("--python-version", version, "--platform", PLATFORM, "--dest", str(folder), *what),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCH_S)
    except subprocess.TimeoutExpired as error:
        raise WheelsUnavailableError("the registry does not answer") from error
    if done.returncode:
        raise WheelsUnavailableError(done.stderr.strip()[-500:])


def _unpacked_bytes(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return sum(entry.file_size for entry in packed.infolist())


def pin(version: str) -> str:
    """The text of a lock: the versions that the project pins, else the newest with a wheel."""
    wanted = [f"{name}=={pinned()[name]}" if name in pinned() else name for name in WANTED]
    with tempfile.TemporaryDirectory() as made:
        folder, lines = Path(made), []
        for each in wanted:
            try:
                _download(version, folder, each)
            except WheelsUnavailableError:
                lines.append(f"{MISSING}{each}\n")
        for wheel in sorted(folder.glob("*.whl")):
            name, number = wheel.name.split("-")[:2]
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            lines.append(f"{name.replace('_', '-')}=={number} --hash=sha256:{digest}\n")
    return "".join(lines)


def main() -> int:
    for version in VERSIONS:
        (LOCKS / f"{tag_of(version)}.txt").write_text(pin(version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
