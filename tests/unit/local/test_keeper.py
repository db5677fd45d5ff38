"""A function's process that ends is started again, unless the stack itself ends."""

from __future__ import annotations

import threading

import pytest

from infra.local.emulated.keeper import LONGEST_WAIT_S, FunctionDown, Keeper, Life

SOON_S = 5.0


class FakeProcess:
    """Runs from its start until it is killed."""

    def __init__(self, name: str, *, listens: bool = True) -> None:
        self.name = name
        self.starts = 0
        self.listening = listens
        self.running = False
        self.begun_again = threading.Event()

    def start(self) -> None:
        self.starts += 1
        self.running = True
        if self.starts > 1:
            self.begun_again.set()

    def killed(self) -> None:
        self.running = False

    def ask_to_end(self) -> None:
        self.running = False

    def end(self, within_s: float) -> None:
        assert not self.running


def test_one_that_is_killed_is_started_again_and_the_others_are_left_alone() -> None:
    killed, other = FakeProcess("tick"), FakeProcess("agent")
    keeper = Keeper((killed, other))
    keeper.begin()
    keeper.start()

    killed.killed()
    again = killed.begun_again.wait(SOON_S)
    keeper.stop()

    assert again
    assert (killed.starts, other.starts) == (2, 1)


def test_after_the_stack_has_ended_nothing_is_started() -> None:
    process = FakeProcess("tick")
    keeper = Keeper((process,))
    keeper.begin()
    keeper.start()

    keeper.stop()

    assert not process.begun_again.wait(0.5)
    assert not process.running


def test_a_function_that_ends_before_it_listens_is_named() -> None:
    process = FakeProcess("tick", listens=False)
    keeper = Keeper((process,))
    keeper.begin()
    process.killed()

    with pytest.raises(FunctionDown, match="tick"):
        keeper.start()


@pytest.mark.parametrize(
    ("life", "ends_s", "wait_s"),
    [
        (Life(100.0), 101.0, 1.0),
        (Life(100.0, 1.0), 102.0, 2.0),
        (Life(100.0, 8.0), 109.0, LONGEST_WAIT_S),
        (Life(100.0, 8.0), 200.0, 0.0),
        (Life(100.0), 111.0, 0.0),
    ],
)
def test_one_that_ends_soon_again_and_again_is_given_more_time(
    life: Life, ends_s: float, wait_s: float
) -> None:
    assert life.next(ends_s) == Life(ends_s, wait_s)
