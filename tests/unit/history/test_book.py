"""What one user knows of machines, and what everybody does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import Conflicting, Invalid
from shared.domain.history import book as books
from shared.domain.history.book import MachineBook, machine_key, manual_block, require_machine
from shared.domain.history.marks import MachineRecord, with_attempt
from shared.domain.history.regard import Known, Regard
from shared.domain.history.shared_score import Scoreboard, SharedScore, score_of, word_for
from shared.domain.history.standing import problematic, reliable, standings
from shared.domain.history.verdict import BlockSource
from shared.domain.ids import UserId
from tests.unit.history.samples import at, failed, ready
from tests.unit.market.world import an_offer

if TYPE_CHECKING:
    from shared.domain.history.attempt import Attempt

ADA = UserId("user_ada")
M1 = machine_key("vast", "m1")


def book_of(*attempts: Attempt) -> MachineBook:
    book = MachineBook(ADA)
    for attempt in attempts:
        book = book.with_attempt(attempt)
    return book


def three_failures(machine_id: str = "m1", first: int = 1) -> list[Attempt]:
    return [failed(first + n, n - 2, machine_id=machine_id) for n in range(3)]


def shared_record(*owners: str) -> MachineRecord:
    """A launch of each of these; all failed."""
    record = MachineRecord("vast", "m1")
    for number, owner in enumerate(owners):
        word = word_for(UserId(owner), "vast", "m1")
        record = with_attempt(record, failed(number, number - 10), word)
    return record


def score(owners: str) -> SharedScore | None:
    return score_of(shared_record(*owners), at(0))


def test_the_users_own_word_goes_before_what_launches_showed() -> None:
    book = book_of(*three_failures())
    said = book.blocked(M1, manual_block("too loud", at(0), at(1)), at(0))

    during, later = said.block("vast", "m1", at(0)), said.block("vast", "m1", at(2))

    assert during is not None
    assert (during.source, during.reason) == (BlockSource.MANUAL, "too loud")
    assert later is not None
    assert later.source is BlockSource.AUTOMATIC


def test_a_word_without_hours_holds_for_ever() -> None:
    book = MachineBook(ADA).blocked(M1, manual_block("never", at(0), None), at(0))

    assert book.block("vast", "m1", at(24 * 3650)) is not None


def test_who_trusts_a_machine_again_starts_counting_anew() -> None:
    book = book_of(*three_failures()).blocked(M1, manual_block("", at(0), None), at(0))

    trusted = book.pardoned(M1, at(0))
    disappointed = trusted
    for attempt in [failed(10 + n, 1 + n) for n in range(3)]:
        disappointed = disappointed.with_attempt(attempt)

    assert trusted.block("vast", "m1", at(0)) is None
    assert trusted.with_attempt(failed(9, 1)).block("vast", "m1", at(1)) is None
    assert disappointed.block("vast", "m1", at(4)) is not None


def test_only_so_many_can_be_blocked_and_ended_blocks_make_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(books, "MOST_BLOCKS", 2)
    book = MachineBook(ADA).blocked("vast/a", manual_block("", at(0), at(1)), at(0))
    full = book.blocked("vast/b", manual_block("", at(0), None), at(0))

    with pytest.raises(Conflicting):
        full.blocked("vast/c", manual_block("", at(0), None), at(0))
    assert set(full.blocked("vast/c", manual_block("", at(2), None), at(2)).blocks) == {
        "vast/b",
        "vast/c",
    }


def test_only_the_newest_pardons_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MOST_PARDONS", 2)
    book = MachineBook(ADA)

    for hours in range(4):
        book = book.pardoned(f"vast/m{hours}", at(hours))

    assert set(book.pardons) == {"vast/m2", "vast/m3"}


def test_a_book_forgets_the_longest_unheard_machines_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(books, "MOST_MARKS", 3)

    book = book_of(
        *(ready(number, number, machine_id=f"m{number}") for number in range(5)),
        ready(9, -24 * 40, machine_id="long ago"),
    )

    assert set(book.records) == {"vast/m2", "vast/m3", "vast/m4"}


@pytest.mark.parametrize(
    ("owners", "told"),
    [("aaaaa", False), ("ababab", False), ("abc", False), ("abcab", True), ("abcde", True)],
)
def test_a_shared_score_needs_several_users_and_launches(owners: str, told: bool) -> None:
    assert (score(owners) is not None) is told


def test_a_shared_score_says_how_often_and_never_who() -> None:
    found = score("abcde")

    assert found is not None
    assert (found.attempts, found.ready) == (5, 0)
    assert found.block is not None
    assert found.block.source is BlockSource.SHARED
    assert "user_" not in repr(shared_record("user_ada", "user_bob"))
    assert word_for(ADA, "vast", "m1") != word_for(ADA, "vast", "m2")


def regard(book: MachineBook, owners: str = "abcde", hours: float = 0) -> Regard:
    found = score(owners)
    board = Scoreboard().with_scores({M1: found}, at(0), at(0))
    return Regard(at(hours), book, board)


def test_a_stranger_sees_the_shared_score_and_a_user_their_own_launches_first() -> None:
    stranger, ada = regard(MachineBook(UserId(""))), regard(book_of(ready(50, -1)))

    for each, source in ((stranger, Known.SHARED), (ada, Known.OWN)):
        tally = each.tally("vast", "m1")
        assert tally is not None
        assert tally.source is source
        assert each.block("vast", "m1") is not None
    assert stranger.tally("vast", "unheard of") is None


def test_offers_on_blocked_machines_are_left_out() -> None:
    offers = [an_offer("1"), an_offer("2"), an_offer("1", provider="tensordock")]

    allowed = regard(MachineBook(ADA)).allowed(offers)

    assert [(each.provider, each.machine_id) for each in allowed] == [
        ("vast", "m2"),
        ("tensordock", "m1"),
    ]


@pytest.mark.parametrize(
    ("stated", "launches", "expected"),
    [
        (0.98, [], 0.98),
        (None, [], None),
        (None, [ready(1, -1), failed(2, 0)], 0.5),
        (0.9, [ready(n, n - 9) for n in range(5)], 0.95),
        (1.0, [failed(n, n - 9) for n in range(5)], 0.5),
        (1.0, [ready(n, n - 9, lost_at=at(0)) for n in range(5)], 0.5),
    ],
)
def test_the_providers_figure_is_corrected_by_what_launches_showed(
    stated: float | None, launches: list[Attempt], expected: float | None
) -> None:
    offer = an_offer("1", reliability=stated)

    assert Regard(at(0), book_of(*launches)).reliability(offer) == pytest.approx(expected)


def test_a_shared_block_ends_by_the_clock_and_by_the_users_trust() -> None:
    trusting = MachineBook(ADA).pardoned(M1, at(-1))

    assert regard(MachineBook(ADA), hours=19).block("vast", "m1") is None
    assert regard(trusting).block("vast", "m1") is None


def test_scores_of_machines_that_nobody_tries_any_more_are_dropped() -> None:
    found = score("abcde")
    assert found is not None
    old = replace(found, machine_id="old", last_at=at(0) - timedelta(days=31))

    board = Scoreboard().with_scores({"vast/old": old, M1: found}, at(0), at(0))

    assert set(board.scores) == {M1}
    assert board.with_scores({M1: None}, at(1), at(1)).scores == {}


def test_reliable_machines_come_best_first_and_problematic_ones_worst_first() -> None:
    book = book_of(
        *(ready(n, n - 20, machine_id="good") for n in range(4)),
        *(ready(10 + n, n - 20, machine_id="better") for n in range(5)),
        *(ready(20 + n, n - 20, machine_id="dies", lost_at=at(0)) for n in range(4)),
        *three_failures("bad", 30),
        *(ready(40 + n, n - 20, machine_id="new") for n in range(2)),
    )
    machines = standings(Regard(at(0), book))

    assert [each.machine_id for each in reliable(machines, 3)] == ["better", "good"]
    assert [each.machine_id for each in reliable(machines, 1)] == ["better", "good", "new"]
    assert [each.machine_id for each in problematic(machines, 3)] == ["dies", "bad"]


@pytest.mark.parametrize(
    ("provider", "machine_id", "pointer"),
    [
        ("Vast", "1", "/provider"),
        ("", "1", "/provider"),
        ("vast", "", "/machine_id"),
        ("vast", "a b", "/machine_id"),
        ("vast", "x" * 65, "/machine_id"),
        ("vast", "a/b", "/machine_id"),
        ("vast", "1\n", "/machine_id"),
    ],
)
def test_what_no_machine_is_called_is_refused(provider: str, machine_id: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_machine(provider, machine_id)
    assert refused.value.pointer == pointer
