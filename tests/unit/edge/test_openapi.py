"""The reference is made from the routes, and refuses to be vague."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import Field, ValidationError

from shared.contract.model import Wire
from shared.domain.principals import Scope
from shared.edge.openapi import build_document
from shared.edge.route import Access, Route
from tests.unit.edge.kit import Said, hello, route


class Wanted(Wire):
    scope: Scope | None = Field(default=None, description="Only these.")
    order: Scope = Field(default=Scope.WRITE, description="In this order.")
    limit: int = Field(default=5, ge=1, description="At most so many.")


class Vague(Wire):
    what: int = 1


class Order(Wire):
    count: int


def other(_call: Any) -> Said:
    return Said(said="other")


LIST = route(query=Wanted, answer=Said, access=Access.USER)
ORDER = route(
    "POST",
    "/api/things/<thing_id>",
    other,
    body=Order,
    answer=Said,
    status=202,
    idempotent=True,
    example={"count": 1},
    raises=("offer_gone",),
    access=Access.USER,
)


def document(*routes: Route) -> Any:
    return build_document({"things": routes}, "1.2.3")


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document(LIST, ORDER)).validate()


def test_an_operation_says_all_that_its_route_says() -> None:
    operation = document(ORDER)["paths"]["/api/things/{thing_id}"]["post"]

    assert operation["operationId"] == "test_openapi_other"
    assert operation["tags"] == ["Things"]
    assert operation["security"] == [{"bearer": []}]
    assert operation["requestBody"]["required"] is True
    assert operation["requestBody"]["content"]["application/json"]["example"] == {"count": 1}
    assert {"202", "401", "404", "409", "415", "422", "503"} <= set(operation["responses"])
    assert "offer_gone" in operation["responses"]["409"]["description"]
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]


def test_parameters_carry_words_defaults_and_choices() -> None:
    parameters = document(LIST)["paths"]["/api/things"]["get"]["parameters"]

    by_name = {each["name"]: each for each in parameters if "name" in each}
    assert by_name["limit"]["description"] == "At most so many."
    assert by_name["limit"]["schema"]["default"] == 5
    assert by_name["scope"]["schema"]["enum"] == [
        "read",
        "write",
        "operate",
        "metrics",
        "proxy",
    ]
    assert by_name["order"]["schema"]["default"] == "write"
    assert "null" not in str(by_name)
    assert "$ref" not in str(by_name)
    assert {"$ref": "#/components/parameters/Demo"} in parameters


def test_a_model_that_comes_with_another_status_is_shown() -> None:
    operation = document(route(answer=Said, also={503: Said}))["paths"]["/api/things"]["get"]

    assert list(operation["responses"]["503"]["content"]) == ["application/json"]


def test_hidden_routes_are_not_shown() -> None:
    assert document(route(hidden=True))["paths"] == {}


@pytest.mark.parametrize(
    "bad",
    [
        (route("POST", body=Order),),
        (route(query=Vague),),
        (route(raises=("no_such_code",)),),
        (route(), route(path="/api/others")),
    ],
)
def test_a_vague_route_stops_the_build(bad: tuple[Route, ...]) -> None:
    with pytest.raises(ValueError, match=r"not complete|unknown code"):
        document(*bad)


def test_an_example_that_its_own_model_refuses_stops_the_build() -> None:
    with pytest.raises(ValidationError):
        document(route("POST", "/api/things", hello, body=Order, example={"count": "one"}))
