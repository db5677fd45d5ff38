"""Every line of the marketplace's error table, and what it stands for."""

from __future__ import annotations

import json

import pytest

from shared.adapters.market_api.transport import RawReply
from shared.adapters.vast.verdict import clean_row, new_contract
from shared.domain.errors import (
    ProviderBusy,
    ProviderError,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnknown,
)


def judged(status: int, body: object, **headers: str) -> ProviderError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(ProviderError) as caught:
        clean_row(RawReply(status, named, content))
    return caught.value


def no(slug: str, msg: str = "", **more: object) -> dict[str, object]:
    return {"success": False, "error": slug, "msg": msg, **more}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, no("invalid_args", "bad disk"), "invalid"),
        (400, no("invalid_price"), "invalid"),
        (400, no("invalid_token"), "invalid"),
        (400, no("no_ssh_key_for_vm"), "invalid"),
        (400, no("insufficient_credit", "Your account lacks credit"), "insufficient_credit"),
        (400, no("other", "not enough funds"), "insufficient_credit"),
        (400, no("insufficient_balance"), "insufficient_credit"),
        (402, {"detail": "Payment required"}, "insufficient_credit"),
        (411, {"msg": "Insufficient credit"}, "insufficient_credit"),
        (403, no("not_authorized"), "forbidden"),
        (403, no("auth_error", "The key lacks instance_write."), "forbidden"),
        (404, no("invalid_args", "error 404/3603: no_such_ask Ask 5"), "offer_gone"),
        (410, no("no_such_ask", "error 410/3907"), "offer_gone"),
        (410, {"msg": "gone"}, "offer_gone"),
        (404, no("no_such_instance"), "not_found"),
        (404, no("not_found"), "not_found"),
        (404, no("invalid_id"), "not_found"),
        (483, no("invalid_args", "Invalid json_body"), "invalid"),
        (409, {"message": "busy with something"}, "other"),
        (200, no("no_such_instance"), "not_found"),
        (200, no("invalid_args", "no_such_ask"), "offer_gone"),
        (200, no("other", "balance too low"), "insufficient_credit"),
        (200, {"success": False}, "other"),
    ],
)
def test_a_well_formed_no_is_refused_with_its_reason(
    status: int, body: object, reason: str
) -> None:
    error = judged(status, body)

    assert isinstance(error, ProviderRefused)
    assert error.reason == reason
    assert error.contract_id is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, no("auth_error", "Invalid user key")),
        (401, b"<html>who are you</html>"),
        (403, no("auth_error", "This action requires login.")),
        (404, no("auth_error", "Invalid user key")),
        (404, no("auth_error", "Session expired. Please log in again.")),
        (200, no("auth_error", "Invalid user key")),
    ],
)
def test_a_bad_key_is_told_from_everything_else_that_has_its_status(
    status: int, body: object
) -> None:
    assert isinstance(judged(status, body), ProviderKeyRejected)


@pytest.mark.parametrize(
    ("body", "headers", "wait_s"),
    [
        (b"API requests too frequent: endpoint threshold=4.5", {}, 4.5),
        (b"API requests too frequent", {}, 6.0),
        ({"detail": "slow down"}, {}, 6.0),
        ({"detail": "slow down, threshold=3"}, {}, 3.0),
        ({"error": "search_quota_exceeded"}, {"retry_after": "12"}, 12.0),
        (b"threshold=4.5", {"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 4.5),
        (b"threshold=99999", {}, 60.0),
        (b"\xff\xfe", {"retry_after": "-1"}, 6.0),
    ],
)
def test_429_is_busy_for_as_long_as_the_answer_says(
    body: object, headers: dict[str, str], wait_s: float
) -> None:
    error = judged(429, body, **headers)

    assert isinstance(error, ProviderBusy)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html><body>Internal Server Error</body></html>"),
        (500, no("internal")),
        (502, b""),
        (503, no("busy")),
        (504, {"success": True}),
        (200, b"<html>maintenance</html>"),
        (200, b""),
        (200, b'{"success": true, "new_contract": 12'),
        (200, b"[1, 2]"),
        (200, b"null"),
        (200, {"success": "yes"}),
        (200, {"success": None}),
        (200, b"[" * 100_000),
        (200, b"\xff\xfe{}"),
        (202, {"success": True}),
        (204, b""),
        (301, {"success": True}),
        (307, b""),
        (400, b"<html>bad request</html>"),
        (404, b"not found"),
        (408, no("timeout")),
    ],
)
def test_anything_but_a_clean_answer_is_unknown(status: int, body: object) -> None:
    error = judged(status, body)

    assert isinstance(error, ProviderUnknown)
    assert error.contract_id is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ProviderRefused),
        (200, ProviderRefused),
        (410, ProviderRefused),
        (429, ProviderUnknown),
        (401, ProviderUnknown),
        (500, ProviderUnknown),
        (302, ProviderUnknown),
    ],
)
def test_an_error_that_names_a_contract_hands_it_on(
    status: int, kind: type[ProviderRefused | ProviderUnknown]
) -> None:
    error = judged(status, no("invalid_args", "bid too low", new_contract=7005, id=1))

    assert isinstance(error, kind)
    assert error.contract_id == "7005"


@pytest.mark.parametrize("value", [None, 0, -3, True, "x", 1.5, [7], {"id": 7}])
def test_what_is_no_contract_id_is_not_taken_for_one(value: object) -> None:
    assert new_contract({"new_contract": value, "id": 12}) is None


@pytest.mark.parametrize("body", [{"success": True}, {"offers": []}, {"instances": None}])
def test_a_clean_answer_is_its_object(body: dict[str, object]) -> None:
    assert clean_row(RawReply(200, {}, json.dumps(body).encode())) == body
