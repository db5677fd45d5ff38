"""Commands wait until they are acknowledged; the index names who has any."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import CommandId, RentalId
from shared.domain.machines.mailbox import MAX_WAITING, CommandIndex, Mailbox, QueuedCommand
from tests.fakes.clock import START

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
