"""Ann before the auth function, as functions-framework serves it: fixtures and what she reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import functions_framework
import pytest

from shared import bootstrap
from tests.unit.auth.world import EMAIL, PASSWORD, World, new_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

SOURCE = Path(__file__).parents[2] / "functions" / "auth" / "main.py"
LOGIN = {"email": EMAIL, "password": PASSWORD}


@pytest.fixture
def world() -> Iterator[World]:
    made = new_world()
    bootstrap.use(made)
    yield made
    bootstrap.use(None)


@pytest.fixture
def client(world: World) -> FlaskClient:
    client: FlaskClient = functions_framework.create_app("auth", str(SOURCE)).test_client()  # type: ignore[no-untyped-call]
    return client


@pytest.fixture
def session(client: FlaskClient) -> dict[str, Any]:
    """Ann, registered and logged in."""
    return json_of(client.post("/api/auth/register", json=LOGIN))


def json_of(answer: TestResponse) -> dict[str, Any]:
    body = answer.get_json()
    assert isinstance(body, dict), answer.data
    return body


def as_user(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


def problem_of(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    assert json_of(answer)["trace_id"]
    return answer.status_code, json_of(answer)["code"]


def pointers_of(answer: TestResponse) -> list[str]:
    return [each["pointer"] for each in json_of(answer)["errors"]]
