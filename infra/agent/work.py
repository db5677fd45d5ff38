"""Long work: fill the workspace, snapshot it. Runs in a thread of its own, can be given up."""

from __future__ import annotations

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
from shared.agent_wire.messages import FENCED, OK, HelloAnswer, SnapshotDone, UploadsAnswer
from shared.domain.errors import BlobError, BlobRefused, SnapshotError
from shared.snapshot.backup import backup
from shared.snapshot.restore import restore
from shared.snapshot.results import BackupTarget, RestoreOptions
from shared.snapshot.tuning import Patience, Tuning
from shared.snapshot.verify import load_manifest

if TYPE_CHECKING:
    from infra.agent.blobs import Grants
    from shared.agent_wire.messages import Command, Plan
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
    """What long work is done with. `uploads` and `hello` are calls to the control plane."""

    http: Http
    uploads: Callable[[str], UploadsAnswer | Failure]
    hello: Callable[[], HelloAnswer | Failure]
    progress: Callable[[float | None], None]
    cancelled: threading.Event
    precious: tuple[Path, ...] = ()  # folders that a restore must not clear away


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
    blobs = GrantedBlobs(desk.http, book, desk.cancelled)
    tuning = _tuning(desk)
    manifest = load_manifest(blobs, plan.restore.manifest_key, tuning)
    options = RestoreOptions(prune=_may_be_cleared(workspace, desk), tuning=tuning)
    result = restore(manifest, blobs, workspace, _report(desk), options)
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
    blobs = GrantedBlobs(desk.http, book, desk.cancelled)
    tuning = _tuning(desk)
    parent_key = command.parent_manifest_key or answer.parent_manifest_key
    parent = load_manifest(blobs, parent_key, tuning) if parent_key else None
    created_at = datetime.fromtimestamp(answer.created_at or answer.server_time, timezone.utc)
    target = BackupTarget(answer.write.prefix, command.snapshot_id, created_at, plan.exclude)
    result = backup(workspace, blobs, target, parent, _report(desk), tuning)
    if desk.cancelled.is_set():
        raise GivenUp("given up")
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


def _answered(answer: Answer | Failure) -> Answer:
    if isinstance(answer, Failure):
        raise BlobError(f"no grant: {answer.message}")
    if answer.status == FENCED:
        raise Fenced("fenced while asking for a grant")
    if answer.status != OK:
        raise BlobError(f"no grant: {answer.status}")
    return answer
