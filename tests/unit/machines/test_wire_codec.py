"""What is said on the wire, and what is left unsaid."""

from __future__ import annotations

import json

import pytest

from shared.agent_wire import messages as wire
from shared.agent_wire.codec import decode, encode

STEADY = wire.HeartbeatAnswer(wire.OK, 1767323045.5, 30.0)


def test_what_the_other_side_assumes_is_left_out() -> None:
    assert json.loads(encode(STEADY)) == {
        "status": "ok",
        "server_time": 1767323045.5,
        "next_beat_s": 30.0,
    }


@pytest.mark.parametrize(
    "message",
    [
        STEADY,
        wire.HeartbeatAnswer(
            wire.OK, 1.0, 2.0, "receipt", (wire.Command("cmd_1", wire.SNAPSHOT),), "token"
        ),
        wire.HeartbeatRequest(state_seq=1, clock=0.0),
        wire.HeartbeatRequest(
            state_seq=1,
            clock=0.0,
            status=wire.AgentStatus(wire.READY, wire.Idleness(wire.BUSY, 0.0), "boot"),
            acks=("cmd_1",),
        ),
        wire.AgentEvent("evt_1", wire.EVENT_LOG, 0.0, lines=("one",)),
    ],
    ids=["steady", "with all", "a beat", "with news", "an event"],
)
def test_it_comes_back_as_it_was(message: object) -> None:
    assert decode(type(message), encode(message)) == message
