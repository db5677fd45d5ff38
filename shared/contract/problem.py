"""RFC 9457: how every failure looks on the wire."""

from __future__ import annotations

from pydantic import Field

from shared.contract.model import Wire


class FieldProblem(Wire):
    """One broken rule; `pointer` is an RFC 6901 path into the body, or `/query/<name>`."""

    pointer: str
    message: str


class BudgetFigures(Wire):
    """What a budget did not cover, in USD: of the month, or per hour where it is a rate."""

    cap_usd: float
    spent_usd: float
    reserved_usd: float
    needed_usd: float


class Problem(Wire):
    """`application/problem+json`. `code` is stable; programs decide by it, people read `detail`."""

    type: str = Field(description="A path of this API where the error is explained.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was called.")
    code: str
    trace_id: str = Field(description="Quote it when asking for help: it finds the log lines.")
    errors: tuple[FieldProblem, ...] | None = None
    retry_after_s: float | None = Field(
        default=None, description="Worth repeating after this many seconds."
    )
    budget: BudgetFigures | None = None
