"""Launches made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.domain.history.attempt import Attempt, Outcome, Stage
from shared.domain.ids import InstanceId, RentalId, UserId
from tests.fakes.clock import START

NOON = START + timedelta(days=40)  # late enough for everything that is kept to lie before it


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def an_attempt(
    number: int = 1,
    hours: float = 0.0,
    outcome: Outcome = Outcome.READY,
    stage: Stage | None = None,
    **changes: Any,
) -> Attempt:
    """One that ended so many hours after noon; it took a minute."""
    ended_at = at(hours)
    reached = Stage.READY if outcome is Outcome.READY else Stage.BOOTING
    fields: dict[str, Any] = {
        "rental_id": RentalId(f"rent_{number}"),
        "owner": UserId("user_ada"),
        "instance_id": InstanceId("inst_1"),
        "provider": "vast",
        "machine_id": "m1",
        "gpu_name": "RTX 4090",
        "num_gpus": 1,
        "geolocation": "Sofia, BG",
        "download_mbps": 900.0,
        "image": "python:3.11",
        "began_at": ended_at - timedelta(seconds=60),
        "ended_at": ended_at,
        "seconds": 60.0,
        "stage": stage or reached,
        "outcome": outcome,
        "reason": "",
        "told_at": ended_at,
        "expires_at": ended_at + timedelta(days=90),
    }
    return Attempt(**{**fields, **changes})


def ready(number: int, hours: float, **changes: Any) -> Attempt:
    return an_attempt(number, hours, **changes)


def failed(number: int, hours: float, stage: Stage = Stage.BOOTING, **changes: Any) -> Attempt:
    return an_attempt(number, hours, Outcome.FAILED, stage, **changes)
