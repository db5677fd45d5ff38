"""What gunicorn refuses itself."""

from __future__ import annotations

import json

import pytest

from infra.local.worker import refusal


@pytest.mark.parametrize(
    ("status", "code"), [(400, "malformed"), (414, "too_large"), (431, "too_large")]
)
def test_an_unreadable_request_gets_a_whole_answer_with_a_problem(status: int, code: str) -> None:
    head, _, body = refusal(status).partition(b"\r\n\r\n")

    lines = head.decode().split("\r\n")
    problem = json.loads(body)
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    assert f"Content-Length: {len(body)}" in lines
    assert "Content-Type: application/problem+json" in lines
    assert (problem["status"], problem["code"]) == (status, code)
    assert f"X-Request-Id: {problem['trace_id']}" in lines
