"""What a provider says of a contract, in our words."""

from __future__ import annotations

from enum import StrEnum


class ContractStatus(StrEnum):
    """What the container does. A rental stores the word of the last look."""

    STARTING = "starting"  # allocated, pulling, creating, rebooting
    RUNNING = "running"
    STOPPED = "stopped"  # halted; disk is kept and billed
    OUTBID = "outbid"  # an interruptible contract that lost its place
    FAILED = "failed"  # the start ended in an error that will not heal
    UNREACHABLE = "unreachable"  # the provider has lost its host (unknown, offline, frozen)
    LEAVING = "leaving"  # destroyed, still listed for a moment
    UNCLEAR = "unclear"  # a status that we do not know
