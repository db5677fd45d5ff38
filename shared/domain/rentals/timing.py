"""The numbers of the rental protocol. They fit each other: change one, check the others."""

from __future__ import annotations

from shared.domain.frozen import dataclass

ISSUE_S = 5  # from our turn until the call has left, or it is not sent at all


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. The defaults are for a marketplace whose listings lag by up to two minutes."""

    step_s: int = 25  # the longest one outside call may take
    claim_s: int = 40  # how long a claim shuts others out; longer than a step
    create_timeout_s: int = 20
    late_effect_s: int = 15  # a create may take effect this long after its time-out
    listing_lag_s: int = 120  # a contract may be missing from listings this long
    absence_gap_s: int = 30  # two listings that prove absence are this far apart
    backoff_max_s: int = 30  # where money is at stake
    boot_deadline_s: int = 900  # from the create or start order to hello
    stop_deadline_s: int = 300
    drain_deadline_s: int = 900
    orphan_gap_s: int = 60  # second sighting of a stray without a document
    listing_idle_s: int = 300  # a pass this often while nothing waits
    listing_rest_s: int = 600  # and this often while nothing is rented: for what was forgotten
    sweep_s: int = 60
    request_ttl_s: int = 600  # instance-idle and snapshot-requested expire
    evidence_max_age_s: int = 120  # idleness is judged from nothing older
    beat_grace_s: int = 15

    @property
    def next_sweep_s(self) -> float:
        """From whatever a sweep has brought about until it is due again, so that the next sweep
        finds it due: not the one after that.
        """
        return self.sweep_s * 3 / 4

    @property
    def visible_by_s(self) -> int:
        """From the turn of a create until a contract must be listed, if there is one."""
        return ISSUE_S + self.create_timeout_s + self.late_effect_s + self.listing_lag_s
