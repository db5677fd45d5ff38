"""Moments on the wire."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.contract.model import Wire
from shared.contract.times import UtcTime


class Moment(Wire):
    at: UtcTime


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"),
        ("2026-01-02T03:04:05.5-00:30", "2026-01-02T03:34:05.500000Z"),
    ],
)
def test_any_offset_is_read_and_utc_is_written(given: str, written: str) -> None:
    moment = Moment.model_validate_json(f'{{"at": "{given}"}}', strict=True)

    assert moment.model_dump_json() == f'{{"at":"{written}"}}'


@pytest.mark.parametrize("given", ['"2026-01-02T03:04:05"', '"tomorrow"', "12"])
def test_a_moment_without_an_offset_is_none(given: str) -> None:
    with pytest.raises(ValidationError):
        Moment.model_validate_json(f'{{"at": {given}}}', strict=True)
