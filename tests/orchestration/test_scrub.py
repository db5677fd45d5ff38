"""What is kept is read again, in turns, and what is damaged is not what an instance wakes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.app.collections import INSTANCES, SNAPSHOTS
from shared.app.snapshots import scrub as scrubbing
from shared.app.snapshots import undated as dating
from shared.app.snapshots.open import opened
from shared.app.snapshots.scrub import AGAIN, scrub
from shared.app.snapshots.undated import date_undated
from shared.domain.errors import BlobError
from shared.domain.events import NotificationRequested
from shared.domain.ids import SnapshotId
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.model import RentalState
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.domain.snapshots.scrub import EVERY
from shared.ports.counting import counted
from tests.fakes.clock import START
from tests.orchestration.test_leftovers import FORMATS, acts, cloud, document, tree
from tests.unit.instances.samples import an_instance
from tests.unit.rentals.samples import a_rental
from tests.unit.snapshot.sealed import sealing

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    import pytest

    from tests.orchestration.cloud import Cloud

__all__ = ["cloud", "tree"]
OLDER, HEAD = SnapshotId("snap_1"), SnapshotId("snap_2")


def kept(cloud: Cloud, snapshot_id: str, *, age_h: float = 0.0) -> Snapshot:
    made = document(cloud, snapshot_id, SnapshotState.ACKED)
    stored = cloud.store.get(SNAPSHOTS, snapshot_id)
    assert stored
    ready = replace(made, read_at=START, created_at=START - timedelta(hours=age_h))
    cloud.store.save(SNAPSHOTS, snapshot_id, ready, stored.version)
    return ready


def asleep_on_two(cloud: Cloud, tree: Path, form: ModuleType, *, shares: bool) -> None:
    """Whether the head refers to what the older one wrote, or stands alone."""
    _, older = form.take(tree, cloud.blobs, OLDER)
    (tree / "more").write_bytes(b"written later")
    form.take(tree, cloud.blobs, HEAD, parent=older if shares else None)
    kept(cloud, OLDER, age_h=2)
    kept(cloud, HEAD, age_h=1)
    sleeper = an_instance(InstanceState.ASLEEP, head=HEAD, restore_from=HEAD)
    cloud.store.add(INSTANCES, sleeper.id, sleeper)


def flip(cloud: Cloud, key: str) -> None:
    content = bytearray(cloud.blobs.objects[key])
    content[len(content) // 2] ^= 1
    cloud.blobs.objects[key] = bytes(content)


def first_pack(cloud: Cloud, snapshot_id: str) -> str:
    return min(key for key in cloud.blobs.objects if f"/packs/{snapshot_id}-" in key)


def damaged(cloud: Cloud) -> list[str]:
    found = [cloud.store.get(SNAPSHOTS, each) for each in (OLDER, HEAD)]
    return [each.key for each in found if each and each.value.damage]


def head_of(cloud: Cloud) -> tuple[SnapshotId | None, SnapshotId | None]:
    stored = cloud.store.get(INSTANCES, "inst_1")
    assert stored
    return stored.value.head, stored.value.restore_from


@FORMATS
def test_a_damaged_head_is_told_and_the_instance_wakes_from_the_whole_one_before(
    cloud: Cloud, tree: Path, form: ModuleType
) -> None:
    asleep_on_two(cloud, tree, form, shares=False)
    flip(cloud, first_pack(cloud, HEAD))
    cloud.clock.advance(EVERY.total_seconds())

    scrub(cloud.services)
    told = [each for each in cloud.bus.waiting if isinstance(each, NotificationRequested)]
    scrub(cloud.services)

    assert damaged(cloud) == [HEAD]
    assert head_of(cloud) == (OLDER, OLDER)
    assert [(each.kind, each.request_id) for each in told] == [
        ("snapshot.damaged", f"damaged_{HEAD}")
    ]
    assert first_pack(cloud, HEAD) in told[0].message
    assert acts(cloud) == ["snapshot.damaged"]


@FORMATS
def test_damage_that_both_share_marks_both_and_leaves_the_head(
    cloud: Cloud, tree: Path, form: ModuleType
) -> None:
    """The newest is as good as any: there is no whole one."""
    asleep_on_two(cloud, tree, form, shares=True)
    flip(cloud, first_pack(cloud, OLDER))
    cloud.clock.advance(EVERY.total_seconds())

    scrub(cloud.services)

    assert damaged(cloud) == [OLDER, HEAD]
    assert head_of(cloud) == (HEAD, HEAD)


def test_a_missing_object_and_a_list_that_cannot_be_read_are_damage_too(
    cloud: Cloud, tree: Path
) -> None:
    asleep_on_two(cloud, tree, sealing, shares=False)
    cloud.blobs.delete(first_pack(cloud, OLDER))
    cloud.blobs.delete(f"snapshots/inst_1/1-rent_1/manifests/{HEAD}")
    cloud.clock.advance(EVERY.total_seconds())

    scrub(cloud.services)

    assert damaged(cloud) == [OLDER, HEAD]


@FORMATS
def test_each_object_is_read_once_in_turns_that_go_on_where_the_last_one_was(
    cloud: Cloud, tree: Path, form: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    form.take(tree, cloud.blobs, OLDER)
    snapshot = kept(cloud, OLDER)
    objects = cloud.services.snapshots.objects_of(snapshot.manifest_key)
    monkeypatch.setattr(scrubbing, "TURN_BYTES", 1)
    early = scrub(cloud.services)
    cloud.clock.advance(EVERY.total_seconds())
    turns = []

    while True:
        with counted() as spent:
            read = scrub(cloud.services)
        if not read:
            break
        turns.append((read, spent.class_b, spent.class_a))

    looks_at_the_list, looks_at_an_object = 1, 2  # a get; a stat and a get
    each_turn = looks_at_the_list + looks_at_an_object
    assert early == 0
    assert len(objects) > 5
    assert turns == [(each.size_bytes, each_turn, 0) for each in objects]
    assert damaged(cloud) == []
    cloud.clock.advance(EVERY.total_seconds() - 1)
    assert scrub(cloud.services) == 0


def test_what_is_being_written_on_top_of_it_is_not_pulled_from_under_its_machine(
    cloud: Cloud, tree: Path
) -> None:
    asleep_on_two(cloud, tree, sealing, shares=False)
    stored = cloud.store.get(INSTANCES, "inst_1")
    assert stored
    writing = replace(stored.value, state=InstanceState.RUNNING, open_snapshot=SnapshotId("snap_3"))
    version = cloud.store.save(INSTANCES, "inst_1", writing, stored.version)
    flip(cloud, first_pack(cloud, HEAD))
    cloud.clock.advance(EVERY.total_seconds())

    scrub(cloud.services)
    meanwhile = (damaged(cloud), head_of(cloud)[0])
    cloud.store.save(INSTANCES, "inst_1", replace(writing, open_snapshot=None), version)
    cloud.clock.advance(timedelta(days=1).total_seconds())
    scrub(cloud.services)

    assert meanwhile == ([], HEAD)
    assert (damaged(cloud), head_of(cloud)[0]) == ([HEAD], OLDER)


def test_a_store_that_is_away_is_no_damage(cloud: Cloud, tree: Path) -> None:
    asleep_on_two(cloud, tree, sealing, shares=False)
    cloud.clock.advance(EVERY.total_seconds())

    def away(*_: object) -> str:
        raise BlobError("connection refused")

    whole = cloud.services.snapshots.fault_of
    cloud.services.snapshots.fault_of = away

    assert scrub(cloud.services) == 0
    assert damaged(cloud) == []
    assert head_of(cloud) == (HEAD, HEAD)

    cloud.services.snapshots.fault_of = whole
    others = scrub(cloud.services)
    cloud.clock.advance(AGAIN.total_seconds())
    first = scrub(cloud.services)

    assert others > 0  # what could not be read stands in nobody's way
    assert first > 0  # and comes up a day later
    assert scrub(cloud.services) == 0


def test_the_next_snapshot_stands_on_no_damaged_one(cloud: Cloud, tree: Path) -> None:
    sealing.take(tree, cloud.blobs, HEAD)
    head = kept(cloud, HEAD)
    sleeper = an_instance(InstanceState.RUNNING, head=HEAD)
    rental = a_rental(RentalState.LIVE)
    whole = opened(cloud.services, sleeper, rental, "", "", START)
    cloud.store.add(INSTANCES, sleeper.id, sleeper)
    flip(cloud, first_pack(cloud, HEAD))
    cloud.clock.advance(EVERY.total_seconds())

    scrub(cloud.services)

    after = opened(cloud.services, sleeper, rental, "", "", START)
    assert whole.parent_manifest_key == head.manifest_key
    assert after.parent_manifest_key == ""
    assert damaged(cloud) == [HEAD]
    assert head_of(cloud)[0] == HEAD


def undated(cloud: Cloud, tree: Path) -> None:
    """A head of which nobody has written down when it was read, as of code from before that was."""
    sealing.take(tree, cloud.blobs, HEAD)
    made = kept(cloud, HEAD)
    stored = cloud.store.get(SNAPSHOTS, HEAD)
    assert stored
    older = replace(made, read_at=None, verified_at=START)
    cloud.store.save(SNAPSHOTS, HEAD, older, stored.version)
    sleeper = an_instance(InstanceState.ASLEEP, head=HEAD, restore_from=HEAD)
    cloud.store.add(INSTANCES, sleeper.id, sleeper)


def test_what_was_verified_before_reading_was_written_down_is_read_again_too(
    cloud: Cloud, tree: Path
) -> None:
    undated(cloud, tree)
    flip(cloud, first_pack(cloud, HEAD))

    early = scrub(cloud.services)
    cloud.clock.advance(EVERY.total_seconds())
    scrub(cloud.services)

    assert early == 0
    assert damaged(cloud) == [HEAD]


def test_all_that_is_kept_is_gone_through_page_by_page_and_then_left_alone(
    cloud: Cloud, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep_on_two(cloud, tree, sealing, shares=False)
    monkeypatch.setattr(dating, "AT_ONCE", 1)
    for each in (OLDER, HEAD):
        stored = cloud.store.get(SNAPSHOTS, each)
        assert stored
        older = replace(stored.value, read_at=None, verified_at=START)
        cloud.store.save(SNAPSHOTS, each, older, stored.version)
    left = []

    for _ in range(2):
        date_undated(cloud.services)
        found = [cloud.store.get(SNAPSHOTS, each) for each in (OLDER, HEAD)]
        left.append(sum(1 for each in found if each and each.value.read_at is None))
    with counted() as spent:
        date_undated(cloud.services)

    assert left == [1, 0]
    assert (spent.reads, spent.writes) == (1, 0)


def test_what_somebody_changes_meanwhile_is_dated_the_next_time(cloud: Cloud, tree: Path) -> None:
    undated(cloud, tree)
    find = cloud.store.find

    def overtaken(*asked: Any, **how: Any) -> Any:
        page = find(*asked, **how)
        stored = cloud.store.get(SNAPSHOTS, HEAD)
        assert stored
        cloud.store.save(SNAPSHOTS, HEAD, replace(stored.value, keep=True), stored.version)
        return page

    cloud.store.find = overtaken  # type: ignore[method-assign]
    date_undated(cloud.services)
    cloud.store.find = find  # type: ignore[method-assign]
    date_undated(cloud.services)

    stored = cloud.store.get(SNAPSHOTS, HEAD)
    assert stored
    assert (stored.value.read_at, stored.value.keep) == (START, True)
