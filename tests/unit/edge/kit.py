"""A function with one's own routes, called as the framework calls it, on fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask

from shared.app.auth.api_keys import create_key
from shared.contract.model import Wire
from shared.domain.ids import UserId
from shared.domain.principals import Principal, Scope
from shared.edge.http import http_function
from shared.edge.route import Access, Route
from tests.unit.auth.world import World

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from shared.edge.route import View

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Said(Wire):
    said: str


def hello(_call: Any) -> Said:
    return Said(said="hello")


def route(method: str = "GET", path: str = "/api/things", view: View = hello, **rest: Any) -> Route:
    """A public route, unless told otherwise."""
    return Route(method, path, view, "Says hello", **{"access": Access.PUBLIC, **rest})


def call(
    *routes: Route, method: str = "GET", path: str = "/api/things", world: Any = None, **rest: Any
) -> TestResponse:
    """One request to a function with these routes; the answer as a caller gets it."""
    return app_of(*routes, world=world).test_client().open(path, method=method, **rest)


def app_of(*routes: Route, world: Any = None) -> flask.Flask:
    """The function itself, for what it remembers from call to call."""
    provided = world or World()
    app = flask.Flask("function")
    with app.app_context():  # as the framework loads a function
        target = http_function(routes, lambda: provided, name="things")

    @app.route("/", defaults={"path": ""}, methods=_METHODS, provide_automatic_options=False)
    @app.route("/<path:path>", methods=_METHODS, provide_automatic_options=False)
    def run(path: str) -> flask.Response:
        return target(flask.request)

    return app


def problem(answer: TestResponse) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json", answer.data
    body = answer.get_json()
    assert isinstance(body, dict)
    assert body["status"] == answer.status_code
    assert body["trace_id"] == answer.headers["X-Request-Id"]
    return body


def key_of(world: World, name: str, *scopes: Scope) -> dict[str, str]:
    """The header of an API key of the user `user_<name>`."""
    owner = Principal(UserId(f"user_{name}"), frozenset(Scope), session="login")
    return {"Authorization": f"Bearer {create_key(world, owner, name, scopes, None).text}"}
