"""How the marketplace says no."""

from __future__ import annotations


class Refused(Exception):
    """A well-formed no: HTTP status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def number(value: object, default: float) -> float:
    """A JSON number; `default` where there is none. Raises Refused for anything else."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(400, f"not a number: {value!r}")
    return float(value)
