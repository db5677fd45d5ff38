"""The model without a socket: one account, a clock that a test moves."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from infra.simulators.tensordock.api import dispatch
from infra.simulators.tensordock.model import market
from infra.simulators.tensordock.model.state import Machine, World
from infra.simulators.wire import Answer, Request

KEY = "td_test"


def _stocked() -> World:
    world = World(rng=random.Random(7))
    market.stock(world)
    market.open_account(world, 50.0, KEY)
    return world


@dataclass
class Exchange:
    world: World = field(default_factory=_stocked)
    now: float = 1_000_000.0
    real_now: float = 0.0

    def raw(self, method: str, path: str, body: object = None, key: str = KEY) -> Answer:
        self.real_now += 1.0
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {key}"}
        request = Request(method, f"/api/v2{path}", "", content, headers)
        return dispatch.answer(self.world, request, self.now, self.real_now)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(self.raw(method, path, body).body)

    def host(self, gpu: str = "geforcertx4090-pcie-24gb") -> Any:
        rows = self.ask("GET", "/hostnodes")["data"]["hostnodes"]
        return next(row for row in rows if row["available_resources"]["gpus"][0]["v0Name"] == gpu)

    def order(self, **changes: Any) -> dict[str, Any]:
        """What a create call on a host carries; None takes a field away."""
        host = self.host()
        ports = host["available_resources"]["available_ports"]
        attributes = {
            "name": "train-a",
            "type": "virtualmachine",
            "image": "ubuntu2404",
            "resources": {
                "vcpu_count": 8,
                "ram_gb": 32,
                "storage_gb": 100,
                "gpus": {"geforcertx4090-pcie-24gb": {"count": 1}},
            },
            "hostnode_id": host["id"],
            "port_forwards": [{"internal_port": 22, "external_port": ports[0]}],
            "ssh_key": "ssh-ed25519 AAAA me",
            "cloud_init": {"runcmd": ["touch /ready"]},
            **changes,
        }
        kept = {name: value for name, value in attributes.items() if value is not None}
        return {"data": {"type": "virtualmachine", "attributes": kept}}

    def rent(self, **changes: Any) -> Machine:
        made = self.ask("POST", "/instances", self.order(**changes))
        return self.world.machines[made["data"]["id"]]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.ask("GET", "/locations")
