"""Moments on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999, west of Greenwich
        raise ValueError("this moment is out of range") from None


UtcTime = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""RFC 3339: any offset is read, `Z` is written."""
