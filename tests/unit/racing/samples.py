"""Launches made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.history.attempt import Attempt, Outcome, Stage
from shared.domain.ids import InstanceId, RentalId, UserId
from shared.domain.racing.subject import Subject
from tests.fakes.clock import START

IMAGE = "pytorch/pytorch:latest"


def a_subject(machine_id: str = "m1", **changes: Any) -> Subject:
    subject = Subject("vast", machine_id, "RTX 4090", "BG", 900.0, IMAGE)
    return replace(subject, **changes)


def an_attempt(rental_id: RentalId = RentalId("rent_1"), **changes: Any) -> Attempt:  # noqa: B008
    """Ready after 100 s on the machine m1, unless told otherwise."""
    attempt = Attempt(
        rental_id=rental_id,
        owner=UserId("user_ada"),
        instance_id=InstanceId("inst_1"),
        provider="vast",
        machine_id="m1",
        gpu_name="RTX 4090",
        num_gpus=1,
        geolocation="Sofia, BG",
        download_mbps=900.0,
        image=IMAGE,
        began_at=START,
        ended_at=START + timedelta(seconds=100),
        seconds=100.0,
        stage=Stage.READY,
        outcome=Outcome.READY,
        reason="",
        told_at=START + timedelta(seconds=100),
        expires_at=START + timedelta(days=90),
    )
    return replace(attempt, **changes)
