"""What a result_url serves: 404 first, then text; no key needed (section 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model.search import number
from infra.simulators.wire import Answer

if TYPE_CHECKING:
    from infra.simulators.vast.api.wire import Call


def result(call: Call) -> Answer:
    wanted = call.world.results.get(call.params["token"])
    if wanted is None or call.real_now < number(wanted["ready_at"], 0):
        return Answer.text("not ready", 404)
    options = wanted["options"]
    text = call.world.machine_text(
        int(number(wanted["contract_id"], 0)),
        str(wanted["kind"]),
        options if isinstance(options, dict) else {},
    )
    return Answer.text(text, 200)
