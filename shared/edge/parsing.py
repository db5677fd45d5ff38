"""From bytes and strings to the models that a route declares. Every input is hostile.

The models' library is loaded by the first input that there is: the calls of machines bring none.
"""

from __future__ import annotations

import io
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, get_origin

from shared.edge.problem import INVALID, NOT_JSON, TOO_LARGE, UNPARSABLE, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import flask
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails
    from werkzeug.datastructures import MultiDict

    from shared.contract.problem import FieldProblem

MAX_DEPTH = 32
_DRAIN_CHUNK_BYTES = 1 << 16
_DRAIN_MOST_BYTES = 32 << 20  # the platform takes no longer request
_SEVERAL = (list, tuple, set, frozenset)


def read_body(request: flask.Request, max_bytes: int) -> bytes:
    """The body. Raises Refusal (413) past `max_bytes`, whether or not a length was announced."""
    body = b"" if (request.content_length or 0) > max_bytes else request.stream.read(max_bytes + 1)
    if len(body) > max_bytes or (request.content_length or 0) > max_bytes:
        _drain(request)
        raise Refusal(TOO_LARGE, f"A body may have at most {max_bytes} bytes.")
    # The framework reads what is left of the request after the answer: nothing.
    request.stream = io.BytesIO()
    return body


def parse_body(model: type[BaseModel] | None, body: bytes, content_type: str) -> BaseModel | None:
    """The model. No body counts as `{}`. Without a model, None; a body is then `{}` or refused.

    Strict: `"5"` is not a number. Raises Refusal: 415, 400 (not JSON, NaN, a key twice, too
    deep), 422 with a pointer for each broken rule.
    """
    if model is None and not body:
        return None
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    from shared.contract.paging import NoBody  # noqa: PLC0415

    if not body:
        body = b"{}"
    elif not _says_json(content_type):
        raise Refusal(
            NOT_JSON, "Send application/json in UTF-8.", headers={"Accept": "application/json"}
        )
    _require_plain_json(body)
    try:
        return (model or NoBody).model_validate_json(body, strict=True)
    except ValidationError as error:
        raise _invalid(error, "") from None


def parse_query(model: type[BaseModel] | None, arguments: MultiDict[str, str]) -> BaseModel | None:
    """The model. Raises Refusal (422): unknown, out of range, or given twice where one counts.

    Without a model, None; every parameter is then unknown.
    """
    if model is None and not arguments:
        return None
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    from shared.contract.paging import NoQuery  # noqa: PLC0415
    from shared.contract.problem import FieldProblem  # noqa: PLC0415

    taken = model or NoQuery
    several = _several(taken)
    twice = [
        FieldProblem(pointer=_pointer(("query", name)), message="Give this parameter once.")
        for name, values in arguments.lists()
        if len(values) > 1 and name not in several
    ]
    if twice:
        raise Refusal(INVALID, "A parameter is given more than once.", problems=tuple(twice))
    given = {
        name: arguments.getlist(name) if name in several else arguments[name] for name in arguments
    }
    try:
        return taken.model_validate(given)
    except ValidationError as error:
        raise _invalid(error, "query") from None


@lru_cache(maxsize=256)
def _several(model: type[BaseModel]) -> frozenset[str]:
    """Its parameters that may be given more than once."""
    return frozenset(
        name
        for key, field in model.model_fields.items()
        if get_origin(field.annotation) in _SEVERAL
        for name in (key, field.alias)
        if name
    )


def _drain(request: flask.Request) -> None:
    """Read on without keeping: a connection closed on unread bytes may lose our answer."""
    left = _DRAIN_MOST_BYTES
    while left > 0 and (chunk := request.stream.read(_DRAIN_CHUNK_BYTES)):
        left -= len(chunk)
    request.stream = io.BytesIO()


def _says_json(content_type: str) -> bool:
    kind, _, parameters = content_type.lower().partition(";")
    kind = kind.strip()
    charset = parameters.replace('"', "").replace(" ", "")
    return (
        kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    ) and ("charset=" not in charset or "charset=utf-8" in charset)


def _require_plain_json(body: bytes) -> None:
    """Refuse what readers of JSON disagree about, so that none can be set against another."""
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_no_word
        )
    except RecursionError:
        raise Refusal(UNPARSABLE, "The body is nested too deeply.") from None
    except (ValueError, UnicodeDecodeError):
        raise Refusal(UNPARSABLE, "The body is not JSON in UTF-8.") from None
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise Refusal(UNPARSABLE, "The body is nested too deeply.")


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal(UNPARSABLE, "The body names a key twice in one object.")
    return found


def _no_word(word: str) -> NoReturn:
    raise Refusal(UNPARSABLE, f"JSON has no {word}.")


def _invalid(error: ValidationError, root: str) -> Refusal:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in details):  # half a surrogate pair
        return Refusal(UNPARSABLE, "The body is not JSON in UTF-8.")
    problems = tuple(_field_problem(each, root) for each in details)
    count = len(problems)
    return Refusal(
        INVALID,
        problems[0].message if count == 1 else f"{count} fields are not valid.",
        problems=problems,
    )


def _field_problem(detail: ErrorDetails, root: str) -> FieldProblem:
    from shared.contract.problem import FieldProblem  # noqa: PLC0415

    parts = ((root,) if root else ()) + tuple(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    return FieldProblem(pointer=_pointer(parts), message=message)


def _pointer(parts: tuple[str, ...]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
