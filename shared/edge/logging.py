"""One JSON object per line on stdout, in the form that Cloud Logging reads."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.app.audit.acting import who_acts

if TYPE_CHECKING:
    from shared.ports.counting import OperationCounts

Detail = str | int | float | bool | None | Mapping[str, int]

_CALLS = logging.getLogger("dumont.calls")
_LONGEST_MESSAGE = 8_000
_PLAIN = frozenset(vars(logging.makeLogRecord({})))


class JsonLines(logging.Handler):
    """Writes to the stdout of the moment, so that whoever redirects it gets the lines."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = json.dumps(_fields_of(record), default=str, ensure_ascii=False)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            self.handleError(record)


def install() -> None:
    """Send every log record of this process through JsonLines; safe to call again."""
    root = logging.getLogger()
    if not any(isinstance(handler, JsonLines) for handler in root.handlers):
        root.addHandler(JsonLines())
        root.setLevel(logging.INFO)
        # One line for each request that we make would repeat what our own lines say.
        logging.getLogger("httpx").setLevel(logging.WARNING)


def cloud_trace(trace_id: str) -> str:
    """The trace's name in the project's Cloud Trace; the bare id outside of the cloud."""
    project = os.environ.get("GOOGLE_CLOUD_PROJECT", "")
    return f"projects/{project}/traces/{trace_id}" if project else trace_id


def log_call(
    message: str, operations: OperationCounts, *, level: int = logging.INFO, **details: Detail
) -> None:
    """The one line about a request, an event or a run, with its billable operations."""
    spent = {name: amount for name, amount in operations.amounts().items() if amount}
    details["operations"] = spent or None
    if _CALLS.isEnabledFor(level):
        # Where in the code it was written is the same for all of them: nobody need look.
        written = _CALLS.makeRecord(
            _CALLS.name, level, "", 0, message, (), None, extra={"details": details}
        )
        _CALLS.handle(written)


def log_defect(message: str, error: BaseException, trace_id: str) -> None:
    """What nobody foresaw, with its traceback: for us, never for the caller."""
    logging.getLogger("dumont.defects").error(
        message, exc_info=error, extra={"details": {"trace_id": trace_id}}
    )


def _fields_of(record: logging.LogRecord) -> dict[str, object]:
    message = record.getMessage()
    fields: dict[str, object] = {
        "severity": record.levelname,
        "message": message[:_LONGEST_MESSAGE],
        "logger": record.name,
    }
    details = getattr(record, "details", None)
    if isinstance(details, Mapping):
        fields |= {str(name): value for name, value in details.items() if value is not None}
    # A line from deep inside belongs to the work that it was written in.
    trace_id = fields.pop("trace_id", None) or who_acts().trace_id
    if isinstance(trace_id, str) and trace_id:
        fields["trace_id"] = trace_id
        fields["logging.googleapis.com/trace"] = cloud_trace(trace_id)
    if record.exc_info:
        fields["stack_trace"] = logging.Formatter().formatException(record.exc_info)
    return fields
