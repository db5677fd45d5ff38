"""What a policy keeps no longer is found without reading what it keeps, or what already goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.app.audit.read import Wanted, audit
from shared.app.collections import INSTANCES, SNAPSHOTS
from shared.app.snapshots.condemn import let_go_for
from shared.domain.errors import StoreError
from shared.domain.ids import SnapshotId
from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import SnapshotPolicy
from shared.domain.replacing import replace
from shared.domain.snapshots.model import SnapshotState
from shared.ports.counting import counted
from shared.ports.store import Save
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.orders import create, snapshot, until_done, until_state

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.snapshots.model import Snapshot
    from shared.ports.store import Store

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

    def acknowledge(self, **changes: object) -> int:
        """As the head is acknowledged, by a policy of the newest two; how much was read."""
        policy = SnapshotPolicy(interval_minutes=0, keep_last=KEPT)
        instance: Instance = self.cloud.instance(self.id)
        head = self.cloud.store.get(SNAPSHOTS, self.ids[0])
        assert head
        verified = replace(head.value, state=S.VERIFIED)
        self.cloud.store.save(SNAPSHOTS, verified.id, verified, head.version)
        with counted() as counts:
            writes = let_go_for(
                self.cloud.services,
                replace(instance, snapshots=policy, **changes),  # type: ignore[arg-type]
                head.value,
            )
        again = self.cloud.store.get(SNAPSHOTS, self.ids[0])
        assert again
        acknowledged = Save(SNAPSHOTS, head.key, head.value, again.version)
        self.cloud.store.commit([acknowledged, *writes])
        return counts.reads

    def states(self) -> list[SnapshotState]:
        """The newest first."""
        return [self.of(each).state for each in self.ids]


def test_the_oldest_beyond_the_policy_are_condemned() -> None:
    saved = Saved(4)

    saved.acknowledge()

    assert saved.states() == [S.ACKED, S.ACKED, S.CONDEMNED, S.CONDEMNED]


def test_where_none_is_too_many_one_read_tells() -> None:
    assert Saved(KEPT).acknowledge() == 1


def test_what_was_condemned_before_is_not_read_again() -> None:
    few, many = Saved(KEPT + 1), Saved(KEPT + 1)
    for number in range(24):
        many.add(f"gone_{number}", 50 + number, state=S.CONDEMNED)

    assert few.acknowledge() == many.acknowledge()


def test_what_is_kept_is_not_counted_and_never_goes() -> None:
    saved = Saved(KEPT)
    saved.add("kept", age=9, keep=True)

    saved.acknowledge()

    assert saved.states() == [S.ACKED] * 3


def test_what_is_needed_stays_however_old() -> None:
    saved = Saved(5)
    source, parent = saved.ids[4], saved.ids[3]
    saved.add("written", age=0, state=S.OPEN, parent=parent)

    saved.acknowledge(source=source)

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

    saved.acknowledge()

    assert saved.states() == [S.ACKED, S.ACKED, S.ACKED, S.CONDEMNED, S.CONDEMNED]


def test_a_damaged_one_goes_with_the_whole_ones_of_its_time() -> None:
    saved = Saved(5)
    saved.damage(3)

    saved.acknowledge()

    assert saved.states() == [S.ACKED, S.ACKED, S.CONDEMNED, S.CONDEMNED, S.CONDEMNED]


def test_a_head_that_was_damaged_takes_no_whole_ones_place_either() -> None:
    saved = Saved(3)
    saved.damage(0)
    by_policy(saved, keep_last=KEPT)

    snapshot(saved.cloud, saved.id)
    until_done(saved.cloud, saved.id)

    assert saved.states() == [S.ACKED, S.ACKED, S.CONDEMNED]


def test_where_only_damaged_ones_are_too_many_nothing_goes() -> None:
    saved = Saved(4)
    for each in (1, 2):
        saved.damage(each)

    saved.acknowledge()

    assert saved.states() == [S.ACKED] * 4


def test_what_goes_for_it_is_in_its_commit_and_its_entry() -> None:
    saved = Saved(3)
    oldest = saved.ids[2]
    by_policy(saved, keep_last=KEPT)

    snapshot(saved.cloud, saved.id)
    until_done(saved.cloud, saved.id)

    assert [saved.of(each).state for each in saved.ids] == [S.ACKED, S.CONDEMNED, S.CONDEMNED]
    told = audit(saved.cloud.services, OWNER, Wanted(target=oldest), 10, None).items
    assert [each.value.kind for each in told] == ["snapshot.verified"]
    assert told[0].value.target == saved.cloud.instance(saved.id).head
    assert oldest in told[0].value.message


def test_where_it_cannot_be_asked_what_goes_the_snapshot_is_acknowledged_all_the_same() -> None:
    saved = Saved(3)
    by_policy(saved, keep_last=1)

    class Away:
        def __init__(self, store: Store) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def count(self, *_: Any) -> int:
            raise StoreError("away")

    saved.cloud.services.store = Away(saved.cloud.services.store)
    snapshot(saved.cloud, saved.id)
    until_done(saved.cloud, saved.id)

    assert saved.cloud.instance(saved.id).head not in {saved.ids[0], None}
    assert saved.states() == [S.ACKED] * 3


def by_policy(saved: Saved, keep_last: int) -> None:
    stored = saved.cloud.store.get(INSTANCES, saved.id)
    assert stored
    policy = SnapshotPolicy(interval_minutes=0, keep_last=keep_last)
    changed = replace(stored.value, snapshots=policy)
    saved.cloud.store.save(INSTANCES, saved.id, changed, stored.version)
