"""Commands wait until they are acknowledged; the index names who has any."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.agent_wire.messages import DRAIN, THAW
from shared.app.machines.collect import collect
from shared.app.machines.collections import COMMAND_INDEX, INDEX_KEY
from shared.app.machines.mailbox import send
from shared.domain.ids import CommandId, InstanceId, RentalId
from shared.domain.machines.mailbox import MAX_WAITING, CommandIndex, Mailbox, QueuedCommand
from shared.domain.machines.tokens import MachineToken
from tests.fakes.clock import START
from tests.fakes.meanwhile import Meanwhile
from tests.orchestration.cloud import Cloud, Process
from tests.orchestration.fate import CrashAt

ME, OTHER = RentalId("rent_1"), RentalId("rent_2")


def a_command(name: str, lasts_s: float = 3600) -> QueuedCommand:
    return QueuedCommand(CommandId(name), "snapshot", START, START + timedelta(seconds=lasts_s))


def test_a_command_is_put_once_and_kept_in_order() -> None:
    box = Mailbox(ME).put(a_command("a")).put(a_command("b")).put(a_command("a"))

    assert [each.id for each in box.commands] == ["a", "b"]


def test_what_is_acknowledged_or_expired_goes() -> None:
    box = Mailbox(ME).put(a_command("a")).put(a_command("b")).put(a_command("old", 10))

    left = box.after(("a", "never sent"), START + timedelta(seconds=10))

    assert [each.id for each in left.commands] == ["b"]
    assert left.after((), START) is left


def test_a_full_mailbox_forgets_the_oldest() -> None:
    box = Mailbox(ME)
    for n in range(MAX_WAITING + 3):
        box = box.put(a_command(str(n)))

    assert len(box.commands) == MAX_WAITING
    assert box.commands[0].id == "3"


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([ME, OTHER])), max_size=20))
def test_the_index_holds_whoever_was_put_last(moves: list[tuple[bool, RentalId]]) -> None:
    index, expected = CommandIndex(), set[RentalId]()
    for waits, rental in moves:
        index = index.with_waiting(rental) if waits else index.without_waiting(rental)
        (expected.add if waits else expected.discard)(rental)

    assert set(index.waiting) == expected
    assert list(index.waiting) == sorted(expected)


def test_somebody_watches_until_their_minute_is_over() -> None:
    soon, later = START + timedelta(seconds=60), START + timedelta(seconds=120)
    index = CommandIndex().watch(ME, soon, START).watch(OTHER, later, START)

    assert index.is_watched(ME, START)
    assert not index.is_watched(ME, soon)
    assert [rental for rental, _ in index.watch(OTHER, later, soon).watched] == [OTHER]


def test_a_command_that_is_sent_while_the_last_one_is_collected_is_still_told() -> None:
    """Found by the fault simulation: a thaw was sent as the acknowledgement of its drain came in,
    the index forgot the mailbox, and the user's processes stood still for a quarter of an hour.
    """
    cloud = Cloud()
    send(cloud.services, ME, "cmd_drain", DRAIN)
    token = MachineToken(ME, InstanceId("inst_1"), 0, cloud.clock.now() + timedelta(hours=1))
    quick = Process(cloud, CrashAt(None))
    quick.store = Meanwhile(
        cloud.store, COMMAND_INDEX, lambda: send(cloud.services, ME, "cmd_thaw", THAW)
    )

    told = collect(quick, token, ("cmd_drain",))

    assert [each.id for each in told] == ["cmd_thaw"]
    assert waiting(cloud) == (ME,)
    assert collect(cloud.services, token, ("cmd_thaw",)) == ()
    assert waiting(cloud) == ()


def waiting(cloud: Cloud) -> tuple[RentalId, ...]:
    index = cloud.store.get(COMMAND_INDEX, INDEX_KEY)
    assert index is not None
    return index.value.waiting
