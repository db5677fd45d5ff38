"""Every form of an error, and what it stands for."""

from __future__ import annotations

import json

import pytest

from shared.adapters.market_api.reading import decode
from shared.adapters.market_api.transport import RawReply
from shared.adapters.tensordock.verdict import clean_row, new_contract
from shared.domain.errors import (
    ProviderBusy,
    ProviderError,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnknown,
)
from tests.unit.tensordock.bodies import MACHINE, mirrored, official


def judged(status: int, body: object, **headers: str) -> ProviderError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(ProviderError) as caught:
        clean_row(RawReply(status, named, content))
    return caught.value


def listed(detail: str, status: int = 400) -> dict[str, object]:
    return {"errors": [{"status": status, "title": "Bad Request", "detail": detail}]}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, listed("storage_gb must be at least 100"), "invalid"),
        (422, {"message": "ssh_key is required"}, "invalid"),
        (400, listed("No capacity at this location"), "offer_gone"),
        (400, {"error": "GPU is not available"}, "offer_gone"),
        (410, {"error": "gone"}, "offer_gone"),
        (400, {"error": "Your balance is too low"}, "insufficient_credit"),
        (402, {"errors": [{}]}, "insufficient_credit"),
        (403, {"error": "no"}, "forbidden"),
        (404, listed("no such instance", 404), "not_found"),
        (409, {"error": "it is being stopped"}, "other"),
        (200, {"status": 400, "error": "storage too small"}, "invalid"),
        (200, {"status": 404, "error": "Unknown"}, "not_found"),
        (200, {"status": 400}, "invalid"),
        (200, {"error": "Out of stock"}, "offer_gone"),
        (200, {"errors": ["text"]}, "other"),
        (201, {"data": {}, "error": {"any": "thing"}}, "other"),
    ],
)
def test_a_well_formed_no_is_refused_with_its_reason(
    status: int, body: object, reason: str
) -> None:
    error = judged(status, body)

    assert isinstance(error, ProviderRefused)
    assert (error.reason, error.contract_id) == (reason, None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": "oops"}),
        (503, b"<html>"),
        (200, {"status": 500, "error": "database"}),
        (200, b"[]"),
        (200, b'{"data": {"inst'),
        (204, b""),
        (302, {}),
        (400, b"<html>"),
        (408, {"error": "timeout"}),
    ],
)
def test_whatever_is_no_clean_answer_is_unknown(status: int, body: object) -> None:
    assert isinstance(judged(status, body), ProviderUnknown)


@pytest.mark.parametrize(("status", "body"), [(401, b""), (200, {"status": 401, "error": "token"})])
def test_a_key_that_is_not_taken_is_told_apart(status: int, body: object) -> None:
    assert isinstance(judged(status, body), ProviderKeyRejected)


@pytest.mark.parametrize(
    ("asked", "wait_s"), [({"retry_after": "7"}, 7), ({}, 6), ({"retry_after": "3000"}, 60)]
)
def test_too_many_calls_are_busy_for_as_long_as_they_say(
    asked: dict[str, str], wait_s: float
) -> None:
    error = judged(429, b"slow down", **asked)

    assert isinstance(error, ProviderBusy)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize("body", [official(), mirrored(), {"data": {"instances": []}}])
def test_a_clean_answer_is_its_object(body: dict[str, object]) -> None:
    assert clean_row(RawReply(201, {}, json.dumps(body).encode())) == decode(json.dumps(body))


@pytest.mark.parametrize(
    ("status", "kind"), [(400, ProviderRefused), (500, ProviderUnknown), (200, ProviderRefused)]
)
def test_a_failure_that_names_a_machine_hands_it_on(
    status: int, kind: type[ProviderRefused | ProviderUnknown]
) -> None:
    made = {"data": {"type": "virtualmachine", "id": MACHINE}, "error": "something went wrong"}

    error = judged(status, made)

    assert isinstance(error, kind)
    assert error.contract_id == MACHINE


@pytest.mark.parametrize(
    "row",
    [
        {"data": {"type": "success", "id": MACHINE}},
        {"data": {"type": "virtualmachine"}},
        {"data": {"type": "virtualmachine", "id": "a/b"}},
        {},
    ],
)
def test_nothing_else_names_a_machine(row: dict[str, object]) -> None:
    assert new_contract(row) is None
