"""Long work: fill the workspace, snapshot it. Runs in a thread of its own, can be given up."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from infra.agent.blobs import GrantBook, GrantedBlobs
from infra.agent.core.facts import Failure
from infra.agent.http import Http
from infra.agent.kept import KeptBlobs
from infra.agent.wheels import NoWheels
from shared.agent_wire.messages import FENCED, OK, HelloAnswer, SnapshotDone, UploadsAnswer
from shared.domain.errors import BlobError, BlobRefused, SnapshotError, SnapshotKeyMissing
from shared.snapshot.engine import backup, load_manifest, restore
from shared.snapshot.results import BackupTarget, RestoreOptions
from shared.snapshot.sealed.keys import DataKey, HeldKeys
from shared.snapshot.tuning import Patience, Tuning

if TYPE_CHECKING:
    from infra.agent.blobs import Grants
    from shared.agent_wire import messages as wire
    from shared.agent_wire.messages import Command, Plan
    from shared.ports.blobs import BlobClient
    from shared.snapshot.engine import AnyManifest
    from shared.snapshot.sealed.keys import Keys
    from shared.snapshot.tuning import Progress

Answer = TypeVar("Answer", HelloAnswer, UploadsAnswer)

ATTEMPTS = 9  # with doubling pauses from half a second: a store may be away for two minutes
NAMED_TORN_FILES = 100


class GivenUp(SnapshotError):
    """The work was cancelled."""


class Fenced(Exception):
    """The control plane says that another machine is the instance's."""


@dataclass(frozen=True)
class Restored:
    files: int
    size_bytes: int
    seconds: float


@dataclass(frozen=True)
class WorkDesk:
    """What long work is done with. `uploads` and `hello` are calls to the control plane.

    `load_wheels` brings what sealed snapshots need, or raises NoWheels. `usable` is told once,
    when a restore that goes on has brought back what the user's programs had read.
    """

    http: Http
    uploads: Callable[[str], UploadsAnswer | Failure]
    hello: Callable[[], HelloAnswer | Failure]
    progress: Callable[[float | None], None]
    cancelled: threading.Event
    load_wheels: Callable[[], None]
    usable: Callable[[Restored], None]
    precious: tuple[Path, ...] = ()  # folders that a restore must not clear away
    kept: Path | None = None  # where manifests are kept for the next snapshot


def fill_workspace(plan: Plan, server_time: float, workspace: Path, desk: WorkDesk) -> Restored:
    """The plan's snapshot in the workspace, or an empty folder. Raises DumontError, OSError."""
    started = time.monotonic()
    workspace.mkdir(parents=True, exist_ok=True)
    if plan.restore is None:
        return Restored(0, 0, time.monotonic() - started)

    def grants() -> Grants:
        answer = _answered(desk.hello())
        if answer.plan is None or answer.plan.restore is None:
            raise BlobRefused("nothing is to be restored any more")
        return (answer.plan.restore.grant,), answer.server_time

    at_hand = (plan.restore.grant,), server_time
    book = GrantBook(grants, time.monotonic, at_hand)
    blobs = _keeping(GrantedBlobs(desk.http, book, desk.cancelled), desk)
    tuning = _tuning(desk)
    keys = _to_read_with(plan.restore.keys, desk)
    manifest = load_manifest(blobs, plan.restore.manifest_key, tuning, keys)
    options = RestoreOptions(prune=_may_be_cleared(workspace, desk), tuning=tuning, yields=True)
    result = restore(manifest, blobs, workspace, _restoring(desk, started), options)
    return Restored(result.files, result.size_bytes, time.monotonic() - started)


def take_snapshot(command: Command, plan: Plan, workspace: Path, desk: WorkDesk) -> SnapshotDone:
    """The workspace as it is now, acknowledged by the store. Raises DumontError, OSError."""
    started = time.monotonic()
    answer = _answered(desk.uploads(command.snapshot_id))

    if answer.write is None:
        raise BlobRefused("the control plane gave no right to write")

    def grants() -> Grants:
        return _given(_answered(desk.uploads(command.snapshot_id)))

    book = GrantBook(grants, time.monotonic, _given(answer))
    blobs = _keeping(GrantedBlobs(desk.http, book, desk.cancelled), desk)
    tuning = _tuning(desk)
    parent_key = command.parent_manifest_key or answer.parent_manifest_key
    keys = _to_write_with(answer.keys, desk)
    parent = _parent(parent_key, blobs, tuning, keys) if parent_key else None
    created_at = datetime.fromtimestamp(answer.created_at or answer.server_time, timezone.utc)
    # A command is carried out once: nobody has begun this one before.
    target = BackupTarget(
        answer.write.prefix, command.snapshot_id, created_at, plan.exclude, begun_before=False
    )
    result = backup(workspace, blobs, target, parent, _report(desk), tuning, keys)
    if desk.cancelled.is_set():
        raise GivenUp("given up")
    if isinstance(blobs, KeptBlobs):
        blobs.forget_others()
    return SnapshotDone(
        snapshot_id=command.snapshot_id,
        drain_id=command.drain_id,
        manifest_key=result.manifest_key,
        manifest_md5=result.manifest_md5,
        size_bytes=result.size_bytes,
        new_bytes=result.new_bytes,
        files=result.files,
        torn=tuple(
            path.decode("utf-8", "backslashreplace") for path in result.torn[:NAMED_TORN_FILES]
        ),
        seconds=time.monotonic() - started,
    )


def _keeping(blobs: GrantedBlobs, desk: WorkDesk) -> GrantedBlobs | KeptBlobs:
    return KeptBlobs(blobs, desk.kept) if desk.kept else blobs


def _to_write_with(given: tuple[wire.DataKey, ...], desk: WorkDesk) -> Keys | None:
    """None where nothing is to be sealed, or what seals cannot run: the older engine writes on,
    as the timeline tells. Raises SnapshotError.
    """
    if not given:
        return None
    try:
        desk.load_wheels()
    except NoWheels:
        return None
    own, *others = map(_key, given)
    return HeldKeys(own, others)


def _to_read_with(given: tuple[wire.DataKey, ...], desk: WorkDesk) -> Keys | None:
    """None where nothing is sealed. Raises SnapshotError where what opens it cannot run."""
    if not given:
        return None
    try:
        desk.load_wheels()
    except NoWheels as error:
        raise SnapshotError(f"sealed snapshots cannot be read here: {error}") from error
    return HeldKeys(None, map(_key, given))


def _key(given: wire.DataKey) -> DataKey:
    try:
        secret = base64.b64decode(given.secret, validate=True)
    except ValueError as error:
        raise SnapshotError("the control plane gave a key that is none") from error
    return DataKey(given.prefix, secret, given.wrapped.encode())


def _parent(key: str, blobs: BlobClient, tuning: Tuning, keys: Keys | None) -> AnyManifest | None:
    """None where it is sealed and this machine writes with the older engine: all is stored anew."""
    try:
        return load_manifest(blobs, key, tuning, keys)
    except SnapshotKeyMissing:
        if keys is not None:
            raise
        return None


def _may_be_cleared(workspace: Path, desk: WorkDesk) -> bool:
    """What an image put into the workspace goes, but not our own folder or the user's home."""
    place = workspace.resolve()
    return not any(each.resolve().is_relative_to(place) for each in desk.precious)


def _given(answer: UploadsAnswer) -> Grants:
    given = (answer.write, answer.read)
    return tuple(grant for grant in given if grant is not None), answer.server_time


def _tuning(desk: WorkDesk) -> Tuning:
    def pause(seconds: float) -> None:
        if desk.cancelled.wait(seconds):
            raise GivenUp("given up")

    return Tuning(patience=Patience(attempts=ATTEMPTS, pause=pause))


def _report(desk: WorkDesk) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if desk.cancelled.is_set():
            raise GivenUp("given up")
        total = progress.bytes_total
        desk.progress(None if not total else min(100.0, 100.0 * progress.bytes_done / total))

    return report


def _restoring(desk: WorkDesk, started: float) -> Callable[[Progress], None]:
    """As `_report`, and once whether the user can be let in before the rest is there."""
    report = _report(desk)
    told = False

    def also(progress: Progress) -> None:
        nonlocal told
        report(progress)
        if progress.usable and not told:
            told = True
            if progress.files_done != progress.files_total:
                seconds = time.monotonic() - started
                desk.usable(Restored(progress.files_done, progress.bytes_done, seconds))

    return also


def _answered(answer: Answer | Failure) -> Answer:
    if isinstance(answer, Failure):
        raise BlobError(f"no grant: {answer.message}")
    if answer.status == FENCED:
        raise Fenced("fenced while asking for a grant")
    if answer.status != OK:
        raise BlobError(f"no grant: {answer.status}")
    return answer
