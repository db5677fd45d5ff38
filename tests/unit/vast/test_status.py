"""The status table of the marketplace: the happy path, and each pitfall by its number."""

from __future__ import annotations

import itertools

import pytest

from shared.adapters.vast.status import States, status_of
from shared.ports.marketplace import ContractStatus as S

OCI = "Error: OCI runtime create failed: runc create failed"


def states(
    actual: str | None,
    intended: str | None = "running",
    current: str | None = "running",
    next_: str | None = "running",
    message: str = "",
    *,
    is_bid: bool = False,
) -> States:
    return States(actual, intended, current, next_, is_bid, message)


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (states(None), S.STARTING),
        (states("created"), S.STARTING),
        (states("loading", message="Pulling fs layer"), S.STARTING),
        (states("running"), S.RUNNING),
        (states("rebooting"), S.STARTING),
        # our stop: accepted, halting, halted (either word)
        (states("running", "stopped", "running", "stopped"), S.RUNNING),
        (states("exited", "stopped", "stopped", "stopped"), S.STOPPED),
        (states("stopped", "stopped", "stopped", "stopped"), S.STOPPED),
        (states("exited", "stopped", "stopped", "stopped", is_bid=True), S.STOPPED),
        (states("loading", "stopped", "stopped", "stopped"), S.STOPPED),
        # our start: the GPU is free; or taken, perhaps for ever
        (states("loading", "running", "running", "running"), S.STARTING),
        (states("exited", "running", "stopped", "running"), S.STARTING),
        (states("exited", "running", "stopped", "stopped"), S.STARTING),
        (states("stopped", "running", "stopped", "running"), S.STARTING),
        # pitfall 1: outbid, both triples
        (states("stopped", "stopped", "stopped", "stopped", is_bid=True), S.OUTBID),
        (states("stopped", "running", "stopped", "stopped", is_bid=True), S.OUTBID),
        (states("exited", "running", "stopped", "stopped", is_bid=True), S.OUTBID),
        # the orphan of a bid that was too low
        (states(None, "stopped", "stopped", "stopped", is_bid=True), S.OUTBID),
        # pitfall 3: may recover
        (states("unknown"), S.UNREACHABLE),
        (states("offline"), S.UNREACHABLE),
        (states("frozen", "frozen"), S.UNREACHABLE),
        (states("offline", "stopped", "stopped", "stopped", is_bid=True), S.UNREACHABLE),
        # pitfall 4: ended by itself
        (states("exited"), S.FAILED),
        # pitfall 5: will not heal
        (states("created", message=OCI), S.FAILED),
        (states(None, message=OCI), S.FAILED),
        (states("running", message=OCI), S.RUNNING),
        # pitfall 6: destroyed, lingering
        (states("running", "stopped", "unloaded", "unloaded"), S.LEAVING),
        (states("exited", "stopped", "stopped", "unloaded"), S.LEAVING),
        (states("offline", "stopped", "unloaded", "unloaded"), S.LEAVING),
        # pitfalls 7 and 9: expired, or no credit
        (states("exited", "running", "running", "stopped"), S.FAILED),
        # words that nobody told us
        (states("hibernating"), S.UNCLEAR),
        (states("running", "paused"), S.UNCLEAR),
        (states("running", current="moving"), S.UNCLEAR),
        (states("running", next_="moving"), S.UNCLEAR),
        (states("exited", None, None, None), S.UNCLEAR),
    ],
)
def test_the_four_fields_read_as(shown: States, status: S) -> None:
    assert status_of(shown) is status


def test_only_what_runs_is_running_and_nothing_is_outbid_that_is_no_bid() -> None:
    actuals = (None, "created", "loading", "running", "stopped", "exited", "rebooting", "offline")
    intents = ("running", "stopped", "frozen", None)
    allocations = ("running", "stopped", "unloaded", None)

    for combination in itertools.product(actuals, intents, allocations, allocations):
        of_bid = status_of(states(*combination, is_bid=True))
        of_demand = status_of(states(*combination))

        assert S.RUNNING not in (of_bid, of_demand) or combination[0] == "running"
        assert of_demand is not S.OUTBID
