"""What the snapshot engine needs beside the standard library: fetched once, checked, unpacked.

The bundle names one pack of wheels for each version of Python, by its sha256. Extension modules
do not load from an archive, so a pack is unpacked into a folder of its own, beside and moved into
place: it is there whole or not at all. A fetch that was cut goes on where it ended. Without a
pack the agent works on, with the engine that needs none, and says why.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import importlib
import json
import platform
import secrets
import shutil
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.agent.core.facts import Failure
from infra.agent.http import Http

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ENV_BUNDLE = "DUMONT_BUNDLE"  # the bundle's own address; packs lie beside it
ENV_BEARER = "DUMONT_BUNDLE_BEARER"
ENV_FOLDER = "DUMONT_AGENT_WHEELS"  # where several machines share one disk
MODULES = (
    "blake3",
    "cryptography.hazmat.primitives.ciphers.aead",
    "pyfastcdc",
    "zstandard",
)
PIECE_BYTES = 4 << 20
TIMEOUT_S = 60.0
ATTEMPTS = 5
FIRST_PAUSE_S = 0.5
LOCK_WAIT_S = 120.0
LOCK_POLL_S = 0.05
_HEADROOM_BYTES = 16 << 20  # the agent writes elsewhere on the same disk meanwhile


class NoWheels(Exception):
    """Why the engine that needs them cannot run here, in words for the timeline."""


@dataclass(frozen=True)
class Pack:
    sha256: str
    size_bytes: int
    unpacked_bytes: int


@dataclass(frozen=True)
class Source:
    """Where packs are fetched: the folder of the bundle, with the right it was fetched with."""

    base_url: str
    bearer: str
    http: Http
    pause: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, environ: Mapping[str, str], http: Http) -> Source:
        base_url = environ.get(ENV_BUNDLE, "").rpartition("/")[0]
        return cls(base_url, environ.get(ENV_BEARER, ""), http)


class Wheels:
    """`listed` is the bundle's wheels.json; b"" where the agent does not run from a bundle."""

    def __init__(
        self,
        folder: Path,
        source: Source,
        listed: bytes,
        modules: tuple[str, ...] = MODULES,
    ) -> None:
        self._modules = modules
        self._folder = folder
        self._source = source
        self._listed = listed
        self._lock = threading.Lock()
        self._loaded = False

    def load(self) -> None:
        """Everything can be imported. Raises NoWheels; a later try may go better."""
        with self._lock:
            if self._loaded:
                return
            pack = pack_for(self._listed, this_python(), this_platform())
            try:
                place = self._unpacked(pack)
            except OSError as error:
                raise NoWheels(_disk_said(error, pack, self._folder)) from error
            except (zipfile.BadZipFile, RuntimeError) as error:  # an image's Python without zlib
                raise NoWheels(f"its wheels could not be unpacked: {error}") from error
            _import_from(place, self._modules)
            self._loaded = True

    def _unpacked(self, pack: Pack) -> Path:
        place = self._folder / pack.sha256
        if place.is_dir():
            return place
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(self._folder / "lock"):
            if not place.is_dir():
                _unpack(self._fetched(pack), place)
                self._part(pack).unlink(missing_ok=True)
        return place

    def _part(self, pack: Pack) -> Path:
        return self._folder / f"{pack.sha256}.part"

    def _fetched(self, pack: Pack) -> Path:
        """The whole archive, checked. Raises NoWheels, OSError."""
        part = self._part(pack)
        if not self._source.base_url:
            raise NoWheels("nobody told this agent where its wheels lie")
        if _size(part) < pack.size_bytes:
            _want_room(self._folder, pack)
        failures = 0
        while True:
            said = self._fetch_piece(part, pack)
            if not said and _size(part) < pack.size_bytes:
                continue
            if not said and _sha256(part) == pack.sha256:
                return part
            if not said:
                part.unlink()
                said = "what came has another checksum"
            failures += 1
            if failures == ATTEMPTS:
                raise NoWheels(f"its wheels could not be fetched: {said}")
            self._source.pause(FIRST_PAUSE_S * 2.0 ** (failures - 1))

    def _fetch_piece(self, part: Path, pack: Pack) -> str:
        """Add one piece to what is there; what went wrong, "" for nothing."""
        start = _size(part)
        if start > pack.size_bytes:
            part.unlink()
            start = 0
        if start == pack.size_bytes:
            return ""
        end = min(start + PIECE_BYTES, pack.size_bytes)
        headers = {"Range": f"bytes={start}-{end - 1}"}
        if self._source.bearer:
            headers["Authorization"] = f"Bearer {self._source.bearer}"
        url = f"{self._source.base_url}/{pack.sha256}.zip"
        reply = self._source.http.send(
            "GET", url, headers, timeout_s=TIMEOUT_S, limit_bytes=pack.size_bytes
        )
        if isinstance(reply, Failure):
            return reply.message
        if reply.status not in {200, 206} or not reply.content:
            return f"the storage answered {reply.status}"
        with part.open("wb" if reply.status == 200 else "ab") as file:
            file.write(reply.content)
        return ""


def pack_for(listed: bytes, python: str, machine: str) -> Pack:
    """What the bundle has for this Python. Raises NoWheels."""
    if not listed:
        raise NoWheels("this agent does not run from a bundle")
    if machine:
        raise NoWheels(f"there are no wheels for {machine}")
    try:
        told = json.loads(listed)
        if python not in told:
            known = ", ".join(sorted(told)) or "none"
            raise NoWheels(f"there are no wheels for this Python, {python}: only for {known}")
        if told[python]["missing"]:
            raise NoWheels(str(told[python]["missing"]))
        found = told[python]
        return Pack(found["sha256"], found["size_bytes"], found["unpacked_bytes"])
    except (ValueError, KeyError, TypeError) as error:
        raise NoWheels(f"the bundle's list of wheels is unreadable: {error}") from error


def this_python() -> str:
    """As wheels name it, for the ordinary build of CPython: "cp311"."""
    name = {"cpython": "cp"}.get(sys.implementation.name, sys.implementation.name)
    threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{name}{sys.version_info[0]}{sys.version_info[1]}{threads}"


def this_platform() -> str:
    """Empty for the one that the wheels are for: 64-bit Linux on x86 with glibc."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return f"{platform.system()} on {platform.machine()}"
    return "" if platform.libc_ver()[0] == "glibc" else "a Linux without glibc"


def _import_from(place: Path, modules: tuple[str, ...]) -> None:
    """Ours come before what the image may have. Raises NoWheels."""
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))
        importlib.invalidate_caches()
    module = ""
    try:
        for module in modules:
            importlib.import_module(module)
    except Exception as error:  # whatever a foreign module raises
        raise NoWheels(f"{module} does not load: {type(error).__name__}: {error}") from error


def _unpack(archive: Path, place: Path) -> None:
    """Beside and moved into place; what an earlier life left half done goes. Raises OSError."""
    for left in place.parent.glob("*.unpacking-*"):
        shutil.rmtree(left, ignore_errors=True)
    beside = place.with_name(f"{place.name}.unpacking-{secrets.token_hex(4)}")
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(beside)  # its checksum is the one that the bundle was built with
        beside.rename(place)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _want_room(folder: Path, pack: Pack) -> None:
    wanted = pack.size_bytes + pack.unpacked_bytes + _HEADROOM_BYTES
    if shutil.disk_usage(folder).free < wanted:
        raise OSError(errno.ENOSPC, "not enough room")


def _disk_said(error: OSError, pack: Pack, folder: Path) -> str:
    if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return f"its wheels could not be written: {error}"
    wanted = (pack.size_bytes + pack.unpacked_bytes + _HEADROOM_BYTES) >> 20
    free = ""
    with contextlib.suppress(OSError):
        free = f", {shutil.disk_usage(folder).free >> 20} MiB are free"
    return f"the disk is full: its wheels take {wanted} MiB below {folder}{free}"


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One at a time, also where machines share the folder. Raises NoWheels."""
    give_up_at = time.monotonic() + LOCK_WAIT_S
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up_at:
                    raise NoWheels("another agent is unpacking them, and does not end") from None
                time.sleep(LOCK_POLL_S)
        yield


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
