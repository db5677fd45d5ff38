"""What comes in is hostile until a model has taken it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from shared.contract.model import Wire
from shared.edge.parsing import MAX_DEPTH, parse_body
from shared.edge.problem import Refusal
from shared.edge.route import Access
from tests.unit.edge.kit import Said, call, problem, route

if TYPE_CHECKING:
    from shared.edge.route import Call


class Wanted(Wire):
    limit: int = Field(default=50, ge=1, le=200)
    name: str | None = None
    tags: tuple[str, ...] = ()


class Order(Wire):
    count: int = Field(ge=1)
    price: float = 1.0
    names: tuple[str, ...] = ()
    anything: dict[str, Any] = Field(default_factory=dict)


class Optional(Wire):
    note: str | None = None


def say_query(call: Call[Wanted, Any]) -> Said:
    return Said(said=f"{call.query.limit} {call.query.name} {call.query.tags}")


def say_body(call: Call[Any, Wire]) -> Said:
    return Said(said=repr(call.body))


LIST = route(view=say_query, query=Wanted)
POST = route("POST", view=say_body, body=Order)
JSON = "application/json"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "50 None ()"),
        ("limit=7", "7 None ()"),
        ("name=a%20b", "50 a b ()"),
        ("tags=x&tags=y", "50 None ('x', 'y')"),
        ("tags=x", "50 None ('x',)"),
        ("demo=false", "50 None ()"),
    ],
)
def test_a_query_becomes_its_model(query: str, said: str) -> None:
    answer = call(LIST, path=f"/api/things?{query}")

    assert answer.get_json() == {"said": said}


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("limit=0", ["/query/limit"]),
        ("limit=201", ["/query/limit"]),
        ("limit=many", ["/query/limit"]),
        ("limit=", ["/query/limit"]),
        ("limit=1e400", ["/query/limit"]),
        ("limit=1&limit=1", ["/query/limit"]),
        ("nonsense=1", ["/query/nonsense"]),
        ("limit=0&nonsense=1", ["/query/limit", "/query/nonsense"]),
        ("a%2Fb=1", ["/query/a~1b"]),
        ("demo=maybe", ["/query/demo"]),
        ("demo=true&demo=false", ["/query/demo"]),
    ],
)
def test_a_query_that_breaks_a_rule_names_the_parameter(query: str, pointers: list[str]) -> None:
    answer = call(LIST, path=f"/api/things?{query}")

    assert answer.status_code == 422
    assert [each["pointer"] for each in problem(answer)["errors"]] == pointers


def test_a_route_without_parameters_takes_none() -> None:
    assert call(route(), path="/api/things?x=1").status_code == 422


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/count"]),
        ({"count": 0}, ["/count"]),
        ({"count": "1"}, ["/count"]),
        ({"count": True}, ["/count"]),
        ({"count": 1.5}, ["/count"]),
        ({"count": None}, ["/count"]),
        ({"count": 1, "names": ["a", 2]}, ["/names/1"]),
        ({"count": 1, "unknown/field": 2}, ["/unknown~1field"]),
        ([], [""]),
        ("text", [""]),
        (None, [""]),
    ],
)
def test_a_body_that_breaks_a_rule_names_the_place(body: object, pointers: list[str]) -> None:
    answer = call(POST, method="POST", data=json.dumps(body), content_type=JSON)

    assert answer.status_code == 422
    assert [each["pointer"] for each in problem(answer)["errors"]] == pointers


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    answer = call(POST, method="POST", json={"count": "a secret"})

    assert b"a secret" not in answer.data


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'count': 1}",
        b'{"count": 1} x',
        b'{"count": NaN}',
        b'{"count": 1, "price": Infinity}',
        b'{"count": 1, "price": -Infinity}',
        b'{"count": 1, "count": 2}',
        b'{"count": 1, "anything": {"a": 1, "a": 2}}',
        b'\xff\xfe{"count": 1}',
        b'{"count": 1, "names": ["\\ud800"]}',
        b'\xef\xbb\xbf{"count": 1}',
        b"[" * 100_000,
        b'{"count":1,"anything":' + b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH + b"}",
        b'{"count": ' + b"1" * 5000 + b"}",
    ],
)
def test_a_body_that_readers_disagree_about_cannot_be_parsed(body: bytes) -> None:
    answer = call(POST, method="POST", data=body, content_type=JSON)

    assert (answer.status_code, problem(answer)["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "content_type",
    [JSON, "application/json; charset=utf-8", "Application/JSON", "application/a+json"],
)
def test_json_is_read_under_its_names(content_type: str) -> None:
    answer = call(POST, method="POST", data='{"count": 1}', content_type=content_type)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", f"{JSON}; charset=latin1"],
)
def test_anything_else_is_not_read(content_type: str) -> None:
    answer = call(POST, method="POST", data='{"count": 1}', content_type=content_type)

    assert (answer.status_code, problem(answer)["code"]) == (415, "unsupported_media_type")


def test_no_body_is_an_empty_object() -> None:
    optional = route("POST", view=say_body, body=Optional)

    assert call(optional, method="POST").get_json() == {"said": "Optional(note=None)"}
    assert call(POST, method="POST").status_code == 422


def test_a_call_without_a_body_takes_an_empty_object_and_nothing_more() -> None:
    bare = route("POST")

    assert call(bare, method="POST", json={}).status_code == 200
    assert call(bare, method="POST", json={"a": 1}).status_code == 422


def test_a_machines_message_reaches_its_view_as_it_was_sent() -> None:
    def say_raw(call: Call[Any, Any]) -> Said:
        return Said(said=call.raw_body.decode())

    machine = route("POST", view=say_raw, access=Access.MACHINE)

    answer = call(machine, method="POST", data='{"a": 1, "a": 2}', content_type="text/plain")

    assert answer.get_json() == {"said": '{"a": 1, "a": 2}'}
    assert call(machine, method="POST", data=b"x" * ((1 << 20) + 1)).status_code == 413


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_beyond_the_limit_is_refused(*, announced: bool) -> None:
    length = (
        {}
        if announced
        else {"environ_overrides": {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}}
    )
    answer = call(POST, method="POST", data=b" " * (1 << 20) + b"{}", content_type=JSON, **length)

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_taken_or_refused(body: bytes) -> None:
    answer = call(POST, method="POST", data=body, content_type=JSON)

    assert answer.status_code in {200, 400, 422}


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), _PLAIN, max_size=4))
def test_whatever_json_comes_every_pointer_leads_into_it(content: dict[str, object]) -> None:
    try:
        parse_body(Order, json.dumps(content).encode(), JSON)
    except Refusal as refusal:
        known = {*content, "count"}
        for each in refusal.problems:
            first = each.pointer.split("/")[1].replace("~1", "/").replace("~0", "~")
            assert first in known
