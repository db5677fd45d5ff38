"""OpenAPI 3.1 from the route tables: what is served and what is described cannot differ."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from shared.contract.problem import Problem
from shared.edge.openapi_parts import (
    DEMO,
    IDEMPOTENCY_KEY,
    SECURITY_SCHEMES,
    problem_responses,
    security_of,
    takes_demo,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaMode

    from shared.edge.route import Route

Json = dict[str, Any]  # the document itself: JSON by definition, not a model of ours

_REF = "#/components/schemas/{model}"
_VALUE = re.compile(r"<(?:path:)?(?P<name>\w+)>")
_DESCRIPTION = """\
A control plane that makes marketplace GPUs dependable.

Every path under `/api` is served under `/api/v1` as well. Times are RFC 3339 in UTC; money is
in US dollars, with the unit in the name. Errors are RFC 9457 problems with a stable `code`.
Areas may live on hosts of their own: `/.well-known/dumont.json` says where.
"""


def build_document(areas: Mapping[str, tuple[Route, ...]], version: str) -> Json:
    """The document of every route that is not hidden, by area.

    Raises ValueError where a body has no example, an example is not valid, a parameter has no
    description, or two operations have one name.
    """
    shown = [
        (area, route) for area, routes in areas.items() for route in routes if not route.hidden
    ]
    _require_complete([route for _, route in shown])
    schemas, components = _schemas([route for _, route in shown])
    paths: dict[str, Json] = {}
    for area, route in shown:
        path = _VALUE.sub(r"{\g<name>}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(area, route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dumont Cloud API", "version": version, "description": _DESCRIPTION},
        "servers": [{"url": "/", "description": "Where this document came from"}],
        "tags": [{"name": tag} for tag in sorted({_tag(area, route) for area, route in shown})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": SECURITY_SCHEMES,
            "parameters": {"Demo": DEMO, "IdempotencyKey": IDEMPOTENCY_KEY},
        },
    }


def _operation(area: str, route: Route, schemas: Mapping[type[BaseModel], Json]) -> Json:
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [_tag(area, route)],
        "security": security_of(route),
        "parameters": list(_parameters(route)),
        "responses": _responses(route, schemas),
    }
    if route.view.__doc__:
        operation["description"] = " ".join(route.view.__doc__.split())
    if route.body is not None:
        content = {"schema": schemas[route.body], "example": route.example}
        operation["requestBody"] = {
            "required": _requires_something(route.body),
            "content": {"application/json": content},
        }
    return operation


def _tag(area: str, route: Route) -> str:
    return (route.tag or area).capitalize()


def _operation_id(route: Route) -> str:
    """Two areas may each have a view of one name; their modules differ."""
    return f"{route.view.__module__.rpartition('.')[2]}_{route.view.__name__}"


def _parameters(route: Route) -> Iterator[Json]:
    for name in _VALUE.findall(route.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"The {name.replace('_', ' ')}.",
            "schema": {"type": "string"},
        }
    if route.query is not None:
        schema = route.query.model_json_schema(by_alias=True)
        required = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            described = dict(field)
            yield {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": described.pop("description", ""),
                "schema": _inlined(described, schema.get("$defs", {})),
            }
    if route.idempotent:
        yield {"$ref": "#/components/parameters/IdempotencyKey"}
    if takes_demo(route):
        yield {"$ref": "#/components/parameters/Demo"}


def _responses(route: Route, schemas: Mapping[type[BaseModel], Json]) -> Json:
    also = {
        str(status): {
            "description": route.summary,
            "content": {"application/json": {"schema": schemas[model]}},
        }
        for status, model in route.also.items()
    }
    return {str(route.status): _success(route, schemas), **problem_responses(route), **also}


def _success(route: Route, schemas: Mapping[type[BaseModel], Json]) -> Json:
    response: Json = {"description": route.summary}
    if route.answer is not None:
        response["content"] = {"application/json": {"schema": schemas[route.answer]}}
    elif route.status != 204:
        response["content"] = {route.media_type: {"schema": {"type": "string"}}}
    return response


def _schemas(routes: list[Route]) -> tuple[dict[type[BaseModel], Json], Json]:
    """A reference for each model, and the schemas that they refer to."""
    bodies = {route.body for route in routes if route.body}
    answers = {route.answer for route in routes if route.answer} | {Problem}
    answers |= {model for route in routes for model in route.also.values()}
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in sorted(bodies, key=_name)),
        *((model, "serialization") for model in sorted(answers, key=_name)),
    ]
    references, document = models_json_schema(wanted, ref_template=_REF)
    return {model: references[model, mode] for model, mode in wanted}, document["$defs"]


def _inlined(schema: Any, definitions: Mapping[str, Json]) -> Any:
    """A parameter's schema without references: its enumerations stand in place."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inlined = {name: _inlined(value, definitions) for name, value in schema.items()}
    if reference := inlined.pop("$ref", None):
        meant = _inlined(definitions[reference.rpartition("/")[2]], definitions)
        inlined = {**meant, **inlined}
    return _without_null(inlined)


def _without_null(schema: Json) -> Json:
    """A query has no null: a parameter that may be one is left out."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return {**kinds[0], **rest}


def _require_complete(routes: list[Route]) -> None:
    lacking = [f"{route.method} {route.path}: {what}" for route in routes for what in _gaps(route)]
    names = Counter(_operation_id(route) for route in routes)
    lacking += [f"{name}: {count} operations" for name, count in names.items() if count > 1]
    if lacking:
        raise ValueError("the reference is not complete: " + "; ".join(lacking))


def _gaps(route: Route) -> Iterator[str]:
    if route.body is not None:
        if route.example is None:
            yield "no example of the body"
        else:
            route.body.model_validate_json(json.dumps(route.example), strict=True)
    if route.query is not None:
        for name, field in route.query.model_fields.items():
            if not field.description:
                yield f"the parameter {name} is not described"


def _requires_something(model: type[BaseModel]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def _name(model: type[BaseModel]) -> str:
    return f"{model.__module__}.{model.__qualname__}"
