"""A request that found its route, and how its query and body are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qsl

from infra.simulators.vast.model.refusal import Refused, no_such_instance
from infra.simulators.vast.model.search import number
from infra.simulators.vast.model.state import Account, ApiKey, Contract, Row, World
from infra.simulators.wire import Answer, Request


@dataclass(slots=True)
class Call:
    """A request that found its route and passed the door."""

    world: World
    now: float
    real_now: float
    request: Request
    params: dict[str, str]
    query: dict[str, object]
    body: Row
    key: ApiKey | None
    base_url: str
    faults: list[Row] = field(default_factory=list)

    @property
    def account(self) -> Account:
        if self.key is None:
            raise Refused(401, "auth_error", "Invalid user key")
        return self.world.accounts[self.key.account_id]

    @property
    def contract_id(self) -> int:
        return self.number_param("id")

    def number_param(self, name: str) -> int:
        text = self.params[name]
        if not text.isdigit():
            raise Refused(400, "invalid_id", f"not a number: {text}")
        return int(text)

    def own_contract(self, contract_id: int | None = None) -> Contract:
        """The account's contract; 404 for another's, a destroyed or an unknown one."""
        wanted = self.contract_id if contract_id is None else contract_id
        contract = self.world.contracts.get(wanted)
        if contract is None or contract.account_id != self.account.id:
            raise no_such_instance(wanted)
        if contract.destroyed_at is not None:
            raise no_such_instance(wanted)
        return contract

    def body_number(self, name: str, default: float = 0.0) -> float:
        return number(self.body.get(name), default)


Handler = Callable[[Call], "Answer | Row"]


def read_query(text: str) -> dict[str, object]:
    """Query values are JSON where they parse as JSON (section 1), text elsewhere."""
    return dict(_query(text))


@lru_cache(maxsize=256)  # whoever lists asks the same again and again
def _query(text: str) -> dict[str, object]:
    return {name: _maybe_json(value) for name, value in parse_qsl(text, keep_blank_values=True)}


def _maybe_json(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def read_body(body: bytes) -> Row:
    """The JSON object of a request, GET included; nothing counts as empty."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Refused(400, "invalid_args", "Invalid json_body") from error
    if not isinstance(value, dict):
        raise Refused(400, "invalid_args", "the body must be a JSON object")
    return value


def numbers(value: object) -> list[int]:
    """Ids out of a JSON list; anything else is refused."""
    if not isinstance(value, list):
        raise Refused(400, "invalid_args", "a list of ids is needed")
    return [int(number(each, 0)) for each in value]
