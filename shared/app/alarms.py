"""What a person must look at: lines of the log from which the deployment's alerts are made."""

from __future__ import annotations

import logging
from enum import StrEnum

from shared.app.audit.acting import who_acts

_log = logging.getLogger("dumont.alarms")


class Alarm(StrEnum):
    """The field `alarm` of such a line. The runbook has a section for each, by this name.

    While a sweeper is silent it can write nothing: the absence of its runs (`function` = tick,
    `status` = 200) tells of it then. What Pub/Sub itself gives up on is in its own counters.
    """

    ORPHAN_FOUND = "orphan_found"  # a contract under our label that nobody ordered
    SWEEP_STOPPED = "sweep_stopped"  # too many of them at once: none is touched
    STORE_OLDER = "store_older"  # the store is older than its machines
    SWEEPER_SILENT = "sweeper_silent"  # it is back after ten minutes or more without a sweep
    UNKNOWN_LONG = "unknown_long"  # nobody knows for minutes whether a contract was made
    RELEASE_LONG = "release_long"  # a machine that was let go may still stand, and cost
    SNAPSHOT_DAMAGED = "snapshot_damaged"  # what was read again is not as it was written
    DEAD_LETTER = "dead_letter"  # a message was refused for good, or given up
    BUDGET_CROSSED = "budget_crossed"  # a user's limit is near, or reached


def raise_alarm(alarm: Alarm, message: str, **details: str | float | None) -> None:
    """One line with `severity` ERROR. Nobody is told here: what watches the log does that."""
    fields = {"alarm": alarm.value, "trace_id": who_acts().trace_id or None, **details}
    _log.error(message, extra={"details": fields})
