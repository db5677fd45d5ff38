from __future__ import annotations

from infra.agent.core.facts import REFUSED, UNREACHABLE, Failure
from infra.agent.core.outbox import LARGEST_BACKLOG, LARGEST_BATCH, Outbox
from shared.agent_wire.messages import EVENT_LOG, EVENT_SNAPSHOT_DONE, AgentEvent

AWAY = Failure(UNREACHABLE, "no route")
NO = Failure(REFUSED, "422")


def event(name: str, kind: str = EVENT_LOG) -> AgentEvent:
    return AgentEvent(id=name, kind=kind, clock=0.0)


def outbox(*names: str) -> Outbox:
    return Outbox(0.0, [event(name) for name in names], lambda: 0.0)


def ids(events: tuple[AgentEvent, ...]) -> tuple[str, ...]:
    return tuple(each.id for each in events)


def test_what_was_spooled_goes_out_first_and_in_order() -> None:
    made = outbox("a", "b")
    made.add(event("c"))

    assert ids(made.batch()) == ("a", "b", "c")
    assert made.due_at is None


def test_only_what_is_recorded_is_forgotten() -> None:
    made = outbox("a", "b")
    made.batch()

    gone = made.recorded(("a", "never heard of"), 1.0)

    assert gone == ("a",)
    assert made.due_at == 1.0
    assert ids(made.batch()) == ("b",)


def test_failures_lengthen_the_pause_up_to_half_a_minute() -> None:
    made = outbox("a")
    pauses = []

    for _ in range(8):
        made.batch()
        made.failed(AWAY, 0.0)
        pauses.append(made.due_at)

    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


def test_an_event_that_is_refused_does_not_block_those_behind_it() -> None:
    made = outbox("poison", "b")
    made.batch()

    assert made.failed(NO, 0.0) == ()
    assert ids(made.batch()) == ("poison",)
    assert made.failed(NO, 5.0) == ("poison",)
    assert ids(made.batch()) == ("b",)


def test_a_refused_outcome_is_kept_and_goes_last() -> None:
    made = Outbox(0.0, [event("done", EVENT_SNAPSHOT_DONE), event("b")], lambda: 0.0)
    made.batch()
    made.failed(NO, 0.0)
    made.batch()

    assert made.failed(NO, 5.0) == ()

    made.batch()
    assert made.recorded(("b",), 6.0) == ("b",)
    assert ids(made.batch()) == ("done",)


def test_a_long_silence_costs_the_oldest_log_lines_and_never_an_outcome() -> None:
    made = Outbox(0.0, [event("done", EVENT_SNAPSHOT_DONE)], lambda: 0.0)

    dropped = [made.add(event(f"log-{n}")) for n in range(LARGEST_BACKLOG + 5)]

    assert [each for each in dropped if each] == [(f"log-{n}",) for n in range(6)]
    assert "done" in made
    assert len(made.batch()) == LARGEST_BATCH
