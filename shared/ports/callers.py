"""Who may start what runs behind a topic or a schedule: the platform, and nobody else."""

from __future__ import annotations

from typing import Protocol


class Callers(Protocol):
    def require(self, function: str, authorization: str, proof: str) -> str:
        """The caller's name, for the log, once it has proved to be the platform.

        `authorization` is the header as sent, `proof` a query parameter for a sender that sets
        no header; "" for what is missing. Raises Unauthenticated for a proof that is missing or
        does not hold, Forbidden for a good one of somebody else, KeysUnavailable when that
        cannot be told now.
        """
