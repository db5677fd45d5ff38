"""The `/api/budgets` area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.client.models.base import read
from frontend.client.models.budgets import Budget
from frontend.client.models.budgets import Budgets as Standing
from frontend.client.paging import walk
from frontend.client.transport import Request

if TYPE_CHECKING:
    from frontend.client.transport import Transport

_ROOT = "/api/budgets"


class Budgets:
    """What the caller allows to be spent."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def show(self) -> Standing:
        """Every limit, and what is spent, reserved and left, of all pages. Raises DumontError."""
        first = read(Standing, self._transport.get(_ROOT))
        token = first.next_page_token
        if token is None:
            return first
        rest = walk(self._transport, _ROOT, Budget, begin=token)
        return first.model_copy(update={"items": (*first.items, *rest), "next_page_token": None})

    def set(
        self,
        cap_usd: float | None,
        *,
        period: str = "monthly",
        at_limit: str = "block",
        instance_id: str | None = None,
    ) -> Standing:
        """One cap, for everything or for one instance; None removes it. Tells of what is yours
        and of that instance.

        `period` is monthly or hourly, `at_limit` warn, block or hibernate. Raises NotFound,
        Invalid.
        """
        body = {
            "cap_usd": cap_usd,
            "period": period,
            "at_limit": at_limit,
            "instance_id": instance_id,
        }
        return read(Standing, self._transport.call(Request("PUT", _ROOT, body=body)))
