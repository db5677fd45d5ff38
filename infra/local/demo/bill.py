"""Our own metering against the provider's bill, line by line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frontend.client.models.history import Cost
    from infra.local.demo.truth import Truth

ROUNDING_USD = 0.000_002  # both sides round to a millionth
MOST_UNCERTAIN_SHARE = 0.2  # a meter less sure than this would agree with anything
LEAST_USD = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of cost of one contract, as both sides have it."""

    contract_id: str
    kind: str
    ours_usd: float
    uncertainty_usd: float
    theirs_usd: float

    @property
    def equal(self) -> bool:
        return abs(self.ours_usd - self.theirs_usd) <= self.uncertainty_usd + ROUNDING_USD

    def __str__(self) -> str:
        sign = "=" if self.equal else "DIFFERS FROM"
        ours = f"ours ${self.ours_usd:.6f} +/- {self.uncertainty_usd:.6f}"
        return f"{self.contract_id:>10} {self.kind:<8} {ours} {sign} theirs ${self.theirs_usd:.6f}"


@dataclass(frozen=True, slots=True)
class Comparison:
    lines: tuple[Line, ...]
    ledger_usd: float
    provider_usd: float
    uncertainty_usd: float
    unknown: int

    @property
    def complaints(self) -> tuple[str, ...]:
        """Why the bills do not agree; empty when they do."""
        found = [f"a line differs: {line}" for line in self.lines if not line.equal]
        if self.unknown:
            found.append(f"{self.unknown} of our lines have no amount")
        summed = sum(line.ours_usd for line in self.lines)
        if abs(summed - self.ledger_usd) > ROUNDING_USD * (len(self.lines) + 1):
            found.append(f"our lines sum to ${summed:.6f}, our total is ${self.ledger_usd:.6f}")
        if self.uncertainty_usd > MOST_UNCERTAIN_SHARE * max(self.ledger_usd, ROUNDING_USD):
            found.append(f"our meter is unsure by ${self.uncertainty_usd:.6f}")
        if self.provider_usd < LEAST_USD:
            found.append(f"only ${self.provider_usd:.4f} was billed: too little to show anything")
        return tuple(found)


def compare(cost: Cost, truth: Truth) -> Comparison:
    """Every (contract, kind) that either side knows; a side without it counts as zero there.
    A line of ours whose amount is not known is counted, and never taken for zero.
    """
    ours: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    unknown = 0
    for line in cost.lines:
        if line.usd is None or line.uncertainty_usd is None:
            unknown += 1
        elif line.usd or line.contract_id is not None:
            key = _bare(line.contract_id or "none"), line.kind
            ours[key].append((line.usd, line.uncertainty_usd))
    theirs = {
        (each.id, kind): amount / 1_000_000
        for each in truth.contracts
        for kind, amount in each.bill_micro_usd.items()
        if amount
    }
    lines = tuple(
        Line(
            contract_id,
            kind,
            sum(usd for usd, _ in ours.get((contract_id, kind), [])),
            sum(unsure for _, unsure in ours.get((contract_id, kind), [])),
            theirs.get((contract_id, kind), 0.0),
        )
        for contract_id, kind in sorted(ours.keys() | theirs.keys())
    )
    unsure_usd = sum(line.uncertainty_usd for line in lines)
    return Comparison(lines, cost.total_usd, truth.total_usd, unsure_usd, unknown)


def _bare(contract_id: str) -> str:
    """The provider's own number, without our prefix."""
    return contract_id.rpartition(":")[2]
