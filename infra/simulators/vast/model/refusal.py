"""How the marketplace says no (section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Row


class Refused(Exception):
    """A well-formed no: HTTP status, slug and text; `extra` joins the body."""

    def __init__(self, status: int, slug: str, text: str, **extra: object) -> None:
        super().__init__(text)
        self.status = status
        self.slug = slug
        self.text = text
        self.extra = extra

    def body(self) -> Row:
        return {"success": False, "error": self.slug, "msg": self.text, **self.extra}


def no_such_ask(ask_id: int, *, gone: bool = False) -> Refused:
    """Section 2: the slug hides in `msg`; 410 where `cancel_unavail` was set."""
    if gone:
        return Refused(410, "no_such_ask", f"error 410/3907: no_such_ask {ask_id}", ask_id=ask_id)
    text = f"error 404/3603: no_such_ask  Instance type by id {ask_id} is not available."
    return Refused(404, "invalid_args", text, ask_id=ask_id)


def no_such_instance(contract_id: int) -> Refused:
    return Refused(404, "no_such_instance", f"Instance {contract_id} not found.")


def invalid(text: str, **extra: object) -> Refused:
    return Refused(400, "invalid_args", text, **extra)
