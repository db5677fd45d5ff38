"""The root of what the client reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from frontend.client.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from frontend.client.problem import Json

Item = TypeVar("Item")
M = TypeVar("M", bound=BaseModel)


class Answer(BaseModel):
    """Part of an answer. Fields that a newer server adds are ignored; None is "not said"."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Page(Answer, Generic[Item]):
    """One page of a list."""

    items: tuple[Item, ...]
    next_page_token: str | None = None


def read(model: type[M], answer: Json) -> M:
    """The answer as a model. Raises UnexpectedAnswer, naming what is missing or odd."""
    try:
        return model.model_validate_json(_text(answer))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise UnexpectedAnswer(
            f"the server's answer is not what this version expects ({where}: {first['msg']})"
        ) from None


def _text(answer: Json) -> bytes:
    import json

    return json.dumps(answer).encode()
