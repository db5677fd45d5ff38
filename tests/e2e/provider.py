"""What the marketplace itself knows, and the accidents that it can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.waiting import until

if TYPE_CHECKING:
    from tests.e2e.running_stack import RunningStack

Row = dict[str, Any]


class Provider:
    """The simulator's side door, for one account of it."""

    def __init__(self, stack: RunningStack, account_id: int, name: str = "vast") -> None:
        self._stack = stack
        self._name = name
        self.account_id = account_id

    def contracts(self) -> list[Row]:
        """Every contract ever of the account."""
        query = {"account": self.account_id}
        found: list[Row] = self._call("GET", "/sim/truth", query=query)["contracts"]
        return found

    def open_contracts(self) -> list[Row]:
        """Those that still cost money."""
        return [each for each in self.contracts() if each["destroyed_at"] is None]

    def kept(self) -> list[Row]:
        """Those of which anything is left: a row, a bill or a process."""
        return [
            each
            for each in self.contracts()
            if each["destroyed_at"] is None or each["gone_at"] is None or each["alive_processes"]
        ]

    def keeps_nothing(self, within_s: float = 40.0) -> None:
        until("the provider to keep nothing of ours", lambda: not self.kept(), within_s)

    def faults(self, *rules: Row) -> None:
        self._call("PUT", "/sim/faults", {"rules": list(rules)})

    def befall(self, contract_id: int, event: str) -> None:
        self._call("POST", f"/sim/contracts/{contract_id}/{event}", {})

    def take_credit(self, usd: float) -> None:
        self._call("POST", f"/sim/accounts/{self.account_id}/credit", {"usd": -usd})

    def _call(
        self, method: str, path: str, body: Row | None = None, query: Row | None = None
    ) -> Row:
        with self._stack.side_door(self._name) as door:
            answer = door.request(method, path, json=body, params=query)
        answer.raise_for_status()
        found: Row = answer.json()
        return found


def account_ids(stack: RunningStack) -> set[int]:
    """The accounts that the marketplace has."""
    with stack.side_door() as door:
        answer = door.get("/sim/truth")
    answer.raise_for_status()
    return {row["account_id"] for row in answer.json()["accounts"]}
