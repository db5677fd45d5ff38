"""Callers who may not, and callers who send nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.e2e.person import Person
from tests.e2e.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.running_stack import RunningStack

OF_ONE = (
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    *(("GET", f"/{each}") for each in ("events", "logs", "cost", "snapshots", "metrics")),
    *(
        ("POST", f"/{each}")
        for each in ("pause", "resume", "hibernate", "wake", "snapshot", "reboot", "keep-alive")
    ),
)
WRONG_BODIES = (
    ({"disk_gb": 0}, "/disk_gb"),
    ({"disk_gb": "many"}, "/disk_gb"),
    ({"colour": "green"}, "/colour"),
    ({"race": {"width": 6}}, "/race/width"),
    ({"ports": [0]}, "/ports/0"),
    ({"want": {"num_gpus": -1}}, "/want/num_gpus"),
    ({"hibernation": {"idle_minutes": 0}}, "/hibernation/idle_minutes"),
)
WRONG_QUERIES = (
    ("/api/instances", {"limit": "0"}, "/query/limit"),
    ("/api/instances", {"limit": "1e400"}, "/query/limit"),
    ("/api/instances", {"status": "flying"}, "/query/status"),
    ("/api/instances", {"page_token": "bm9uc2Vuc2U"}, "/query/page_token"),
    ("/api/instances", {"colour": "green"}, "/query/colour"),
    ("/api/instances/offers", {"max_price": "-1"}, "/query/max_price"),
    ("/api/instances/offers", {"region": "Atlantis"}, "/query/region"),
)


@pytest.fixture(scope="module")
def somebody(stack: RunningStack) -> Iterator[Person]:
    """One login for calls that change nothing."""
    person = Person(stack)
    yield person
    person.lets_go()


def is_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["trace_id"]
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text


def pointers(answer: httpx.Response) -> list[str]:
    return [each["pointer"] for each in answer.json().get("errors") or ()]


@pytest.mark.parametrize(("body", "pointer"), WRONG_BODIES)
def test_a_wrong_order_is_refused_at_the_field(
    somebody: Person, body: dict[str, object], pointer: str
) -> None:
    with somebody.http() as http:
        answer = http.post("/api/instances", json=body)

    is_problem(answer, 422)
    assert pointer in pointers(answer)


@pytest.mark.parametrize(("path", "query", "pointer"), WRONG_QUERIES)
def test_a_wrong_parameter_is_refused_by_its_name(
    somebody: Person, path: str, query: dict[str, str], pointer: str
) -> None:
    with somebody.http() as http:
        answer = http.get(path, params=query)

    is_problem(answer, 422)
    assert pointer in pointers(answer)


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a": 1, "a": 2}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b" " * 2_000_000, "application/json", 413),
    ],
    ids=("cut", "not text", "deep", "a name twice", "a list", "a form", "too large"),
)
def test_a_body_that_cannot_be_read_is_refused(
    somebody: Person, content: bytes, media_type: str, status: int
) -> None:
    with somebody.http() as http:
        headers = {"Content-Type": media_type}
        answer = http.post("/api/instances", content=content, headers=headers)

    is_problem(answer, status)


def test_an_address_that_is_too_long_is_a_problem_too(stack: RunningStack) -> None:
    is_problem(httpx.get(f"{stack.url}/{'a' * 9000}", timeout=10), 414)


@pytest.mark.parametrize(
    "proof",
    ["", "Bearer", "Bearer nonsense", "Bearer a.b.c", "Basic YTpi", "Bearer " + "x" * 4000],
    ids=("none", "empty", "one word", "three parts", "another scheme", "a long one"),
)
def test_a_login_that_is_none_is_refused(stack: RunningStack, proof: str) -> None:
    headers = {"Authorization": proof} if proof else {}

    answer = httpx.get(f"{stack.url}/api/instances", headers=headers, timeout=10)

    is_problem(answer, 401)


def test_a_token_that_somebody_changed_is_refused(stack: RunningStack, somebody: Person) -> None:
    head, body, signature = somebody.bearer["Authorization"].split(".")
    without_algorithm = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"

    for forged in (f"{head}.{body}.{signature[::-1]}", f"Bearer {without_algorithm}.{body}."):
        headers = {"Authorization": forged}
        is_problem(httpx.get(f"{stack.url}/api/instances", headers=headers, timeout=10), 401)


def test_what_is_somebody_elses_is_not_there(person: Person, somebody: Person) -> None:
    accepted = person.cloud.instances.create(person.order())
    assert accepted.instance is not None
    theirs = accepted.instance.id

    with somebody.http() as http:
        answers = [
            http.request(method, f"/api/instances/{theirs}{verb}", json=_body(method))
            for method, verb in OF_ONE
        ]
        answers.append(http.get(f"/api/operations/{accepted.operation.id}"))
        answers.append(http.get("/api/snapshots", params={"instance_id": theirs}))
        answers.append(http.post("/api/snapshots", json={"instance_id": theirs}))
        listed = http.get("/api/instances").json()["items"]

    for answer in answers:
        is_problem(answer, 404)
    assert listed == []
    assert person.sees(theirs, "running").state == "running"


def test_the_demo_is_seen_without_a_login_and_changes_nothing(stack: RunningStack) -> None:
    with httpx.Client(base_url=stack.url, params={"demo": "true"}, timeout=10) as http:
        shown = http.get("/api/instances").json()["items"]
        one = http.get(f"/api/instances/{shown[0]['id']}")
        changes = [
            http.delete(f"/api/instances/{shown[0]['id']}"),
            http.post("/api/instances", json={}),
            http.post(f"/api/instances/{shown[0]['id']}/pause"),
        ]

    assert len(shown) == 2
    assert one.status_code == 200
    for answer in changes:
        is_problem(answer, 403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_pages_of_other_sites_are_kept_away(
    stack: RunningStack, headers: dict[str, str], status: int
) -> None:
    body = {"email": "x@example.org", "password": "correct horse battery staple"}

    answer = httpx.post(f"{stack.url}/api/auth/register", json=body, headers=headers, timeout=10)

    is_problem(answer, status)


def test_a_repeated_order_with_its_key_rents_once(person: Person) -> None:
    order = {"want": {"max_price": 2.0}, "image": "alpine:3.20", "disk_gb": 10}
    keyed = {"Idempotency-Key": "the-same-click"}

    with person.http() as http:
        first = http.post("/api/instances", json=order, headers=keyed)
        again = http.post("/api/instances", json=order, headers=keyed)
        other = http.post("/api/instances", json={**order, "disk_gb": 11}, headers=keyed)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["operation"]["id"] == again.json()["operation"]["id"]
    is_problem(other, 422)
    until("its contract", person.provider.contracts)
    assert len(list(person.cloud.instances.all())) == 1


def _body(method: str) -> dict[str, object] | None:
    return {} if method in {"POST", "PATCH"} else None
