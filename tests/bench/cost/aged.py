"""Snapshots as a fleet has them that was there before: what policies keep, and what goes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.app.collections import INSTANCES_IN_STATE, SNAPSHOTS
from shared.app.pages import every
from shared.app.snapshots.collect import GRACE, TOGETHER
from shared.domain.ids import SnapshotId
from shared.domain.instances.model import InstanceState
from shared.domain.snapshots.model import Snapshot, SnapshotState, prefix_of
from tests.orchestration.cloud import FakeVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from shared.domain.instances.model import Instance
    from shared.ports.snapshots import VerifiedSnapshot
    from tests.bench.cost.deployment import Deployment

MANIFEST = b'{"work": 0}'


class Verifier(FakeVerifier):
    """Every snapshot has a pack of its own. Of a new one so many objects are `looked_for` as of a
    real one.
    """

    def __init__(self, blobs: Any, looked_for: float) -> None:
        super().__init__(blobs)
        self._read, self._look = blobs.get, blobs.stat
        self._looked_for = round(looked_for)

    def verify(
        self, manifest_key: str, manifest_md5: str, proven_manifests: Iterable[str]
    ) -> VerifiedSnapshot:
        for _ in range(self._looked_for):
            self._look(manifest_key)
        return super().verify(manifest_key, manifest_md5, proven_manifests)

    def packs_of(self, manifest_key: str) -> frozenset[str]:
        self._read(manifest_key)
        return frozenset({f"{manifest_key}.pack"})


def give_each_its_past(deployment: Deployment) -> None:
    """Every running instance has as many snapshots as its policy keeps, and those that were let
    go since a sweep of its own that was up to a day ago: in an hour, one of twenty-four is due.
    """
    values = {"state": InstanceState.RUNNING.value}
    running = tuple(every(deployment, INSTANCES_IN_STATE, values))
    for number, instance in enumerate(running):
        swept_ago = TOGETHER * ((number + 1) / len(running))
        for each in _past_of(instance, deployment.clock.now(), swept_ago):
            deployment.documents.add(SNAPSHOTS, each.id, each)
            deployment.blobs.put(each.manifest_key, MANIFEST)


def _past_of(instance: Instance, now: datetime, swept_ago: timedelta) -> Iterator[Snapshot]:
    pace = timedelta(minutes=instance.snapshots.interval_minutes)
    kept = instance.snapshots.keep_last
    for number in range(kept):
        yield _saved(instance, now - (number + 1) * pace, None)
    ago = GRACE + swept_ago
    while ago > timedelta():
        yield _saved(instance, now - ago - (kept + 1) * pace, now - ago)
        ago -= pace


def _saved(instance: Instance, at: datetime, condemned_at: datetime | None) -> Snapshot:
    if instance.primary is None:
        raise AssertionError("what runs has a machine")
    name = f"snap_{instance.id}_{at:%d%H%M%S}"
    prefix = prefix_of(instance.id, instance.epoch, instance.primary)
    return Snapshot(
        id=SnapshotId(name),
        instance_id=instance.id,
        owner=instance.owner,
        rental_id=instance.primary,
        epoch=instance.epoch,
        parent=None,
        drain_id="",
        state=SnapshotState.CONDEMNED if condemned_at else SnapshotState.ACKED,
        reason="its policy asks for one",
        prefix=prefix,
        created_at=at,
        deadline=at,
        manifest_key=f"{prefix}manifests/{name}",
        read_at=at,
        condemned_at=condemned_at,
    )
