"""Our own statement of the protocol tells the numbers that the code works with."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.domain.failover import limits
from shared.domain.failover.evidence import (
    FIRST_WORD_S,
    SILENT_AT_LEAST,
    SILENT_SHARE,
    hard_limit_s,
)
from shared.domain.market.strays import ALWAYS_ALLOWED, SHARE_ALLOWED
from shared.domain.rentals.timing import ISSUE_S, Timing

STATED = " ".join(
    Path("shared/edge/assets/content/30-machines-and-money.md").read_text("utf-8").split()
)
T = Timing()
WORDS = {2: "two", 3: "three", 0.2: "a fifth", 0.3: "30%"}


def lease_s(renewal_s: int, beat_s: int) -> int:
    return renewal_s + 2 * beat_s + T.beat_grace_s


@pytest.mark.parametrize(
    "told",
    [
        f"sent within {ISSUE_S} s of its claim",
        f"two whole lists, {T.absence_gap_s} s apart",
        f"({T.visible_by_s} s after its order",
        f"at least {T.orphan_gap_s} s later",
        f"More than {WORDS[ALWAYS_ALLOWED]}, and more than {WORDS[SHARE_ALLOWED]} of the list",
        f"two beats and {T.beat_grace_s} s",
        f"more than {WORDS[SILENT_AT_LEAST]} machines and more than {WORDS[SILENT_SHARE]} of all",
        f"{hard_limit_s(0):.0f} s + 2.5 x renewal: "
        f"{hard_limit_s(60):.0f} s at 60, {hard_limit_s(300):.0f} s at 300",
        f"evidence of the last {WORDS[T.evidence_max_age_s / 60]} minutes",
        f"Requests expire** after {T.request_ttl_s // 60} minutes",
        f"At most {limits.MOST_A_DAY} a day, {limits.APART.seconds} s apart; "
        f"{WORDS[limits.BREAKER_AT]} in a row that came to nothing wait "
        f"{limits.BREAKER_OPEN.seconds} s",
        f"| {T.step_s} s; {T.claim_s} s; {T.backoff_max_s} s |",
        f"every minute, a second pass {T.sweep_s // 2} s later",
        f"else every {T.listing_idle_s // 60} to {T.listing_rest_s // 60} |",
        f"| lease of 60 s (beat 15) | ends after {lease_s(60, 15)} s; hard limit "
        f"{hard_limit_s(60):.0f} s |",
        f"| lease of 300 s (beat 30) | ends after {lease_s(300, 30)} s; hard limit "
        f"{hard_limit_s(300):.0f} s;",
        f"| from start order to hello | {T.boot_deadline_s} s, then the order ends; to the first "
        f"beat {FIRST_WORD_S} s |",
        f"| drain | {T.drain_deadline_s} s |",
    ],
)
def test_a_number_of_the_protocol_is_the_one_of_the_code(told: str) -> None:
    assert told in STATED
