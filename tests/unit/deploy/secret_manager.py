"""Secret Manager as `make deploy` meets it: one secret, asked through an authorised session."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

SECRET = "projects/dumont-example/secrets/dumont-master-key"


@dataclass
class Answer:
    status_code: int
    content: dict[str, Any] = field(default_factory=dict)
    text: str = ""

    def json(self) -> dict[str, Any]:
        return self.content


@dataclass
class SecretManager:
    """A session that speaks to one secret. `states` are those of its versions."""

    states: list[str] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    status: int = 200

    def get(self, url: str, *, params: dict[str, str], timeout: float) -> Answer:
        assert url.endswith(f"/v1/{SECRET}/versions")
        found = [{"name": f"v{n}", "state": state} for n, state in enumerate(self.states, 1)]
        shown = found if "filter" not in params else []
        return Answer(self.status, {"versions": shown} if shown else {}, "no")

    def post(self, url: str, *, json: dict[str, Any], timeout: float) -> Answer:
        assert url.endswith(f"/v1/{SECRET}:addVersion")
        self.states.append("ENABLED")
        self.keys.append(base64.b64decode(json["payload"]["data"], validate=True))
        return Answer(self.status, {"name": f"v{len(self.states)}"})
