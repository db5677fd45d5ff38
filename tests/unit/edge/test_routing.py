"""From a method and a path to a view, an Allow header, or a 404."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.edge.routing import RouteTable
from tests.unit.edge.kit import Said, call, problem, route

if TYPE_CHECKING:
    from shared.edge.route import Call


def say_path(call: Call[Any, Any]) -> Said:
    return Said(said=";".join(f"{name}={value}" for name, value in call.path.items()))


ROUTES = (
    route("GET", "/api/things"),
    route("POST", "/api/things", status=202),
    route("GET", "/api/things/<thing_id>", say_path),
    route("GET", "/api/pages/<path:path>", say_path),
    route("GET", "/health"),
)


@pytest.mark.parametrize(
    "path",
    ["/api/things", "/api/v1/things", "/api/things/", "/api/v1/things/", "/health", "/health/"],
)
def test_a_path_answers_with_and_without_version_and_trailing_slash(path: str) -> None:
    answer = call(*ROUTES, path=path)

    assert (answer.status_code, answer.get_json()) == (200, {"said": "hello"})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/things/inst_1", "thing_id=inst_1"),
        ("/api/v1/things/a.b:c@d", "thing_id=a.b:c@d"),
        ("/api/things/RTX%204090", "thing_id=RTX 4090"),
        ("/api/pages/a/b", "path=a/b"),
    ],
)
def test_the_path_hands_over_its_values(path: str, said: str) -> None:
    answer = call(*ROUTES, path=path)

    assert answer.get_json() == {"said": said}


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api",
        "/api/",
        "/v1/things",
        "/api/v2/things",
        "/api/v1/v1/things",
        "/api//things",
        "//api/things",
        "/",
        "/api/things/%0A",
        "/health/x",
        "/api/v1/health",
        "/api/things/a%2Fb",
        "/api/things/..",
        "/api/things/%00",
        "/api/things/__x__",
        "/api/things/%F0%9F%92%A5",
        "/api/things/%ff",
        "/api/things/" + "x" * 201,
    ],
)
def test_an_unknown_path_is_a_404_problem_and_no_redirect(path: str) -> None:
    answer = call(*ROUTES, path=path)

    assert answer.status_code == 404
    assert problem(answer)["code"] == "not_found"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_wrong_method_is_told_which_are_right(method: str) -> None:
    answer = call(*ROUTES, method=method)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert problem(answer)["code"] == "method_not_allowed"


def test_head_is_a_get_without_a_body() -> None:
    got = call(*ROUTES)

    headed = call(*ROUTES, method="HEAD")

    assert (headed.status_code, headed.data) == (200, b"")
    assert headed.headers["Content-Length"] == got.headers["Content-Length"]


def test_options_lists_the_methods_of_a_path_that_exists() -> None:
    answer = call(*ROUTES, method="OPTIONS")

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert call(*ROUTES, method="OPTIONS", path="/api/nothing").status_code == 404


def test_two_routes_of_one_method_and_path_are_a_defect() -> None:
    with pytest.raises(ValueError, match="twice"):
        RouteTable((route(), route()))
