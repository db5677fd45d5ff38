"""The marketplace without sockets or waiting: requests go straight into the model."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from infra.simulators.vast.api import dispatch
from infra.simulators.vast.model import accounts, market, offers
from infra.simulators.vast.model.state import Contract, Slice, World
from infra.simulators.wire import Answer, Request

START = 1_790_000_000.0
OFFERS = 40


@dataclass
class Exchange:
    world: World
    key: str
    now: float = START
    real_now: float = 1000.0
    last: Answer = field(default_factory=lambda: Answer(0, b""))

    def ask(
        self, method: str, path: str, body: object = None, query: str = "", key: str | None = None
    ) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.key if key is None else key}"}
        if key == "":
            headers = {}
        request = Request(method, path, query, sent, headers)
        self.last = dispatch.answer(self.world, request, self.now, self.real_now)
        if self.last.content_type != "application/json" or self.last.lost:
            return self.last.body
        return json.loads(self.last.body)

    def cheapest(self, **filters: object) -> int:
        query = {**filters, "order": [["dph_total", "asc"]], "limit": 1}
        return int(self.ask("POST", "/api/v0/bundles/", query)["offers"][0]["id"])

    def rent(self, ask_id: int | None = None, **body: object) -> int:
        wanted = {"image": "python:3.10", "disk": 10, **body}
        path = f"/api/v0/asks/{ask_id or self.cheapest()}/"
        return int(self.ask("PUT", path, wanted)["new_contract"])

    def rent_running(self, **body: object) -> int:
        contract_id = self.rent(**body)
        self.wait(600)
        assert self.contract(contract_id).actual_status == "running"
        return contract_id

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.real_now += seconds
        self.ask("GET", "/api/v0/gpu_names/unique/")

    def show(self, contract_id: int) -> Any:
        return self.ask("GET", f"/api/v0/instances/{contract_id}/", query="owner=me")["instances"]

    def put(self, contract_id: int, **body: object) -> Any:
        return self.ask("PUT", f"/api/v0/instances/{contract_id}/", body)

    def contract(self, contract_id: int) -> Contract:
        return self.world.contracts[contract_id]

    def slice_of(self, contract_id: int) -> Slice:
        return self.world.slices[self.contract(contract_id).slot]


def open_exchange(*, credit_usd: float = 100.0, offers_listed: int = OFFERS) -> Exchange:
    world = World(rng=random.Random(7))
    world.knobs.call_intervals = False
    offers.stock(world, market.generated(world.rng, offers_listed), START)
    _, key = accounts.open_account(world, "tester", credit_usd, START)
    return Exchange(world, key.key)
