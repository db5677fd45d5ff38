"""What a policy keeps no longer is found without reading what it keeps, or what already goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import SNAPSHOTS
from shared.app.snapshots.condemn import retain
from shared.domain.ids import SnapshotId
from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import SnapshotPolicy
from shared.domain.replacing import replace
from shared.domain.snapshots.model import SnapshotState
from shared.ports.counting import counted
from tests.orchestration.cloud import Cloud
from tests.orchestration.orders import create, snapshot, until_done, until_state

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.snapshots.model import Snapshot

KEPT = 2
S = SnapshotState


class Saved:
    """An instance with `many` acknowledged snapshots, the newest its head."""

    def __init__(self, many: int) -> None:
        self.cloud = cloud = Cloud()
        self.id = create(cloud, 1)
        until_state(cloud, self.id, InstanceState.RUNNING)
        snapshot(cloud, self.id)
        until_done(cloud, self.id)
        head = self.of(cloud.instance(self.id).head or "")
        self.ids = [head.id]
        for number in range(1, many):
            self.add(f"snap_{number}", age=number)

    def add(self, name: str, age: int, **changes: object) -> None:
        head = self.of(self.ids[0])
        at = head.created_at.replace(year=head.created_at.year - age)
        older = replace(head, id=SnapshotId(name), created_at=at, **changes)  # type: ignore[arg-type]
        self.cloud.store.add(SNAPSHOTS, older.id, older)
        self.ids.append(older.id)

    def damage(self, number: int) -> None:
        stored = self.cloud.store.get(SNAPSHOTS, self.ids[number])
        assert stored
        found = replace(stored.value, damage="a pack is missing")
        self.cloud.store.save(SNAPSHOTS, stored.key, found, stored.version)

    def of(self, snapshot_id: str) -> Snapshot:
        stored = self.cloud.store.get(SNAPSHOTS, snapshot_id)
        assert stored
        return stored.value

    def retain(self, **changes: object) -> int:
        """By a policy of the newest two; how much was read."""
        policy = SnapshotPolicy(interval_minutes=0, keep_last=KEPT)
        instance: Instance = self.cloud.instance(self.id)
        with counted() as counts:
            retain(self.cloud.services, replace(instance, snapshots=policy, **changes))  # type: ignore[arg-type]
        return counts.reads

    def states(self) -> list[SnapshotState]:
        """The newest first."""
        return [self.of(each).state for each in self.ids]


def test_the_oldest_beyond_the_policy_are_condemned() -> None:
    saved = Saved(4)

    saved.retain()

    assert saved.states() == [S.ACKED, S.ACKED, S.CONDEMNED, S.CONDEMNED]


def test_where_none_is_too_many_one_read_tells() -> None:
    assert Saved(KEPT).retain() == 1


def test_what_was_condemned_before_is_not_read_again() -> None:
    few, many = Saved(KEPT + 1), Saved(KEPT + 1)
    for number in range(24):
        many.add(f"gone_{number}", 50 + number, state=S.CONDEMNED)

    assert few.retain() == many.retain()


def test_what_is_kept_is_not_counted_and_never_goes() -> None:
    saved = Saved(KEPT)
    saved.add("kept", age=9, keep=True)

    saved.retain()

    assert saved.states() == [S.ACKED] * 3


def test_what_is_needed_stays_however_old() -> None:
    saved = Saved(5)
    source, parent = saved.ids[4], saved.ids[3]
    saved.add("written", age=0, state=S.OPEN, parent=parent)

    saved.retain(source=source)

    assert [saved.of(each).state for each in saved.ids[:5]] == [
        S.ACKED,
        S.ACKED,
        S.CONDEMNED,
        S.ACKED,
        S.ACKED,
    ]


def test_a_damaged_one_takes_no_whole_ones_place() -> None:
    saved = Saved(5)
    saved.damage(1)

    saved.retain()

    assert saved.states() == [S.ACKED, S.ACKED, S.ACKED, S.CONDEMNED, S.CONDEMNED]


def test_a_damaged_one_goes_with_the_whole_ones_of_its_time() -> None:
    saved = Saved(5)
    saved.damage(3)

    saved.retain()

    assert saved.states() == [S.ACKED, S.ACKED, S.CONDEMNED, S.CONDEMNED, S.CONDEMNED]


def test_a_damaged_head_stays_and_so_do_as_many_whole_ones_as_are_kept() -> None:
    saved = Saved(4)
    saved.damage(0)

    saved.retain()

    assert saved.states() == [S.ACKED, S.ACKED, S.ACKED, S.CONDEMNED]


def test_where_only_damaged_ones_are_too_many_nothing_goes() -> None:
    saved = Saved(4)
    for each in (1, 2):
        saved.damage(each)

    saved.retain()

    assert saved.states() == [S.ACKED] * 4
