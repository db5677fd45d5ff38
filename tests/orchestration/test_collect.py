"""The bytes of what was let go: a day's at once, and never what anything else refers to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.app.audit.read import Wanted, audit
from shared.app.collections import SNAPSHOTS
from shared.app.snapshots.collect import GRACE, TOGETHER, collect
from shared.domain.errors import BlobError
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.counting import counted
from shared.ports.store import Collection
from tests.orchestration.cloud import OWNER
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


def entries_of(stored: Stored, snapshot_id: SnapshotId) -> list[str]:
    told = Wanted(action="snapshot.deleted", target=snapshot_id)
    page = audit(stored.cloud.services, OWNER, told, 10, None)
    return [each.value.message for each in page.items]


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
    # Every manifest; the packs that lie under the names of all that go.
    assert (counts.class_b, counts.class_a) == (25, 1)
    # Each document, and one entry for them all.
    assert (counts.deletes, counts.writes) == (24, 1)
    assert stored.has("shared")
    assert not any(stored.has(f"own_{number}") for number in range(24))


def test_those_that_go_together_are_one_entry_that_is_found_under_each() -> None:
    stored = Stored()
    gone = [stored.let_go(f"gone_{number}", LONG_AGO, ["shared"]) for number in range(3)]
    alone = Stored()
    only = alone.let_go("only", LONG_AGO, ["shared"])

    assert collect(stored.cloud.services) == 3
    assert collect(alone.cloud.services) == 1

    told = [entries_of(stored, each) for each in gone]
    assert [len(each) for each in told] == [1, 1, 1]
    assert told[0] == told[1] == told[2]
    assert "with those of 2 more" in told[0][0]
    assert "more" not in entries_of(alone, only)[0]


def test_what_lies_under_a_name_goes_though_no_manifest_names_it() -> None:
    stored = Stored()
    gone = stored.let_go("snap_21", LONG_AGO, ["own"])
    other = stored.let_go("snap_22", LONG_AGO, ["own"])
    written = [f"packs/{gone}-7", f"packs/{other}-0"]
    not_theirs = ["packs/snap_2-1", f"packs/{gone}-x", "packs/snap_215-0"]
    for each in (*written, *not_theirs):
        stored.cloud.blobs.put(f"{stored.head.prefix}{each}", b"left")

    assert collect(stored.cloud.services) == 2

    left = {key.removeprefix(stored.head.prefix) for key in stored.cloud.blobs.objects}
    assert not left & set(written)
    assert set(not_theirs) <= left


def test_where_newer_code_has_written_one_of_them_nothing_goes_that_it_may_refer_to() -> None:
    stored = Stored()
    gone = stored.let_go("gone", LONG_AGO, ["shared", "own"])
    newer = Collection("snapshots", Snapshot, schema=SNAPSHOTS.schema + 1)
    document = stored.cloud.store.get(SNAPSHOTS, stored.ids[0])
    assert document
    stored.cloud.store.save(newer, document.key, document.value, document.version)

    assert collect(stored.cloud.services) == 0

    assert stored.knows(gone)
    assert stored.has("own")


def test_what_somebody_changes_meanwhile_keeps_its_bytes() -> None:
    stored = Stored()
    gone = stored.let_go("gone", LONG_AGO, ["own"])
    other = stored.let_go("other", LONG_AGO, ["theirs"])
    store = stored.cloud.services.store

    class Changed:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def get_each(self, collection: Any, keys: Any) -> Any:
            found = store.get_each(collection, keys)
            return [
                replace(each, value=replace(each.value, keep=True)) if each.key == gone else each
                for each in found
            ]

    stored.cloud.services.store = Changed()

    assert collect(stored.cloud.services) == 1

    assert (stored.knows(gone), stored.has("own")) == (True, True)
    assert (stored.knows(other), stored.has("theirs")) == (False, False)


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
