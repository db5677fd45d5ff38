"""The provider's own record of what happened, through the simulator's side door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.local.demo.journal import DemoFailed

MICRO = 1_000_000
KINDS = {"gpu": "gpu", "disk": "disk", "bwd": "download", "bwu": "upload"}


@dataclass(frozen=True, slots=True)
class TrueContract:
    """`bill_micro_usd` is by our names of the kinds. `listed`: the provider still shows it."""

    id: str
    machine_id: str
    destroyed: bool
    listed: bool
    alive_processes: int
    bill_micro_usd: dict[str, int]


@dataclass(frozen=True, slots=True)
class Truth:
    contracts: tuple[TrueContract, ...]

    @property
    def total_usd(self) -> float:
        return sum(sum(each.bill_micro_usd.values()) for each in self.contracts) / MICRO

    @property
    def kept(self) -> tuple[TrueContract, ...]:
        """What was not let go: listed, not destroyed, or with a process that still runs."""
        return tuple(
            each
            for each in self.contracts
            if each.listed or not each.destroyed or each.alive_processes
        )


class SideDoor:
    """GET only; raises DemoFailed when the simulator does not answer as expected."""

    def __init__(self, url: str, key: str) -> None:
        import httpx

        self._http = httpx.Client(base_url=url, headers={"X-Sim-Key": key}, timeout=20)
        self._error = httpx.HTTPError

    def close(self) -> None:
        self._http.close()

    def speed(self) -> float:
        """Simulated seconds per second."""
        return float(self._get("/sim/health")["speed"])

    def of_contract(self, contract_id: str) -> Truth:
        """Everything ever of the account that holds or held this contract."""
        for account in self._get("/sim/truth").get("accounts", []):
            found = Truth(tuple(contract(row) for row in account["contracts"]))
            if any(each.id == contract_id for each in found.contracts):
                return found
        raise DemoFailed(f"the provider knows no contract {contract_id}")

    def _get(self, path: str) -> dict[str, Any]:
        try:
            response = self._http.get(path)
            response.raise_for_status()
            answer: dict[str, Any] = response.json()
        except (self._error, ValueError) as error:
            raise DemoFailed(f"the simulator's side door fails: {error}") from error
        return answer


def contract(row: dict[str, Any]) -> TrueContract:
    return TrueContract(
        id=str(row["id"]),
        machine_id=str(row["machine_id"]),
        destroyed=row["destroyed_at"] is not None,
        listed=row["gone_at"] is None,
        alive_processes=_count(row.get("alive_processes")),
        bill_micro_usd={
            KINDS[kind]: int(amount) for kind, amount in row["billed_micro_usd"].items()
        },
    )


def _count(value: object) -> int:
    if isinstance(value, list | tuple | set | dict):
        return len(value)
    return int(value) if isinstance(value, int) else 0
