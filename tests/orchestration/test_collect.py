"""The bytes of what was let go: a day's at once, and never what anything else refers to."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.app.collections import SNAPSHOTS
from shared.app.snapshots.collect import GRACE, TOGETHER, collect
from shared.domain.errors import BlobError
from shared.domain.snapshots.model import SnapshotState
from shared.ports.counting import counted
from tests.orchestration.test_retention import Saved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.ids import SnapshotId

LONG_AGO = GRACE + TOGETHER + timedelta(hours=1)
LATELY = GRACE + timedelta(hours=1)


class Packs:
    """A manifest here is JSON that names its packs."""

    def __init__(self, blobs: Any) -> None:
        self._blobs = blobs

    def packs_of(self, manifest_key: str) -> frozenset[str]:
        return frozenset(json.loads(self._blobs.get(manifest_key))["packs"])


class Stored(Saved):
    """An instance whose head has a pack of its own and one that older ones have, too."""

    def __init__(self) -> None:
        super().__init__(1)
        self.cloud.services.snapshots = Packs(self.cloud.blobs)
        self.head = self.of(self.ids[0])
        self.put(self.head.manifest_key, ["shared", "head"])

    def put(self, manifest_key: str, packs: Iterable[str]) -> None:
        content = json.dumps({"packs": [self.pack(each) for each in packs]}).encode()
        self.cloud.blobs.put(manifest_key, content)
        for each in packs:
            self.cloud.blobs.put(self.pack(each), b"pack")

    def pack(self, name: str) -> str:
        return f"{self.head.prefix}packs/{name}"

    def let_go(self, name: str, ago: timedelta, packs: Iterable[str]) -> SnapshotId:
        key = f"{self.head.prefix}manifests/{name}"
        at = self.cloud.clock.now() - ago
        self.add(
            name,
            len(self.ids),
            state=SnapshotState.CONDEMNED,
            condemned_at=at,
            manifest_key=key,
        )
        self.put(key, packs)
        return self.ids[-1]

    def has(self, name: str) -> bool:
        return self.pack(name) in self.cloud.blobs.objects

    def knows(self, snapshot_id: str) -> bool:
        return self.cloud.store.get(SNAPSHOTS, snapshot_id) is not None


def test_only_packs_that_nothing_refers_to_go_with_their_snapshot() -> None:
    stored = Stored()
    gone = stored.let_go("gone", LONG_AGO, ["shared", "own"])

    assert collect(stored.cloud.services) == 1

    assert not stored.knows(gone)
    assert (stored.has("own"), stored.has("shared"), stored.has("head")) == (False, True, True)
    assert f"{stored.head.prefix}manifests/gone" not in stored.cloud.blobs.objects


def test_those_of_a_day_go_together_with_what_only_they_shared() -> None:
    stored = Stored()
    first = stored.let_go("first", LONG_AGO, ["theirs"])
    second = stored.let_go("second", LATELY, ["theirs", "shared"])

    assert collect(stored.cloud.services) == 2

    assert not stored.knows(first)
    assert not stored.knows(second)
    assert (stored.has("theirs"), stored.has("shared")) == (False, True)


def test_one_within_its_grace_stays_with_all_that_it_refers_to() -> None:
    stored = Stored()
    stored.let_go("first", LONG_AGO, ["theirs", "own"])
    young = stored.let_go("young", GRACE - timedelta(minutes=1), ["theirs"])

    assert collect(stored.cloud.services) == 1

    assert stored.knows(young)
    assert (stored.has("own"), stored.has("theirs")) == (False, True)


def test_until_one_has_waited_for_a_days_others_nothing_is_read_of_its_instance() -> None:
    stored = Stored()
    stored.let_go("one", LATELY, ["own"])

    with counted() as counts:
        assert collect(stored.cloud.services) == 0

    assert counts.reads == 2  # whether any has waited, and what was abandoned
    assert stored.has("own")


def test_a_day_of_an_instance_reads_each_manifest_once() -> None:
    stored = Stored()
    for number in range(24):
        ago = LONG_AGO - timedelta(hours=number)
        stored.let_go(f"gone_{number}", ago, ["shared", f"own_{number}"])

    with counted() as counts:
        assert collect(stored.cloud.services) == 24

    # The two that have waited; all of its snapshots, each again before it goes; the abandoned.
    assert counts.reads == 2 + 25 + 24 + 1
    # Every manifest; of each that goes whether it has its own, and what else lies under its name.
    assert counts.class_b == 25 + 24 * (1 + 2)
    assert stored.has("shared")
    assert not any(stored.has(f"own_{number}") for number in range(24))


def test_a_run_that_died_half_way_is_ended_by_the_next() -> None:
    stored = Stored()
    gone = stored.let_go("gone", LONG_AGO, ["own"])
    other = stored.let_go("other", LATELY, ["theirs"])
    stored.cloud.blobs.delete(f"{stored.head.prefix}manifests/gone")

    assert collect(stored.cloud.services) == 2

    assert not stored.knows(gone)
    assert not stored.knows(other)


def test_a_manifest_that_cannot_be_read_keeps_everything_of_its_instance() -> None:
    stored = Stored()
    gone = stored.let_go("gone", LONG_AGO, ["own"])

    class Away(Packs):
        def packs_of(self, manifest_key: str) -> frozenset[str]:
            if manifest_key == stored.head.manifest_key:
                raise BlobError("away")
            return super().packs_of(manifest_key)

    stored.cloud.services.snapshots = Away(stored.cloud.blobs)

    assert collect(stored.cloud.services) == 0
    assert stored.knows(gone)
    assert stored.has("own")


def test_what_cannot_be_removed_keeps_what_it_shares_for_the_next_run() -> None:
    stored = Stored()
    first = stored.let_go("first", LONG_AGO, ["theirs", "bad"])
    stored.let_go("second", LATELY, ["theirs"])
    delete = stored.cloud.blobs.delete

    def refuse(key: str) -> None:
        if key.endswith("/bad"):
            raise BlobError("away")
        delete(key)

    stored.cloud.services.blobs._inner.delete = refuse
    stored.cloud.services.snapshots = Packs(stored.cloud.blobs)

    assert collect(stored.cloud.services) == 1

    assert stored.knows(first)
    assert stored.has("theirs")
