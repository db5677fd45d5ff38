"""Who calls, and may they."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import Forbidden, Unauthenticated
from shared.domain.principals import Scope
from shared.domain.serverless.forwarded import KEY_HEADER
from shared.edge.problem import INVALID, Refusal
from shared.edge.route import Access, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import MultiDict

    from shared.app.services import Services
    from shared.domain.principals import Principal

_LONGEST_TOKEN = 4096
_READING = frozenset({"GET", "HEAD"})


def wants_demo(method: str, arguments: MultiDict[str, str]) -> bool:
    """Whether `?demo=true` was sent. Raises Forbidden for a call that would change something."""
    given = arguments.getlist("demo")
    if not given:
        return False
    if len(given) > 1 or given[0] not in {"true", "false"}:
        from shared.contract.problem import FieldProblem  # noqa: PLC0415 - failures alone

        problem = FieldProblem(pointer="/query/demo", message="Give true or false, once.")
        raise Refusal(INVALID, "demo is true or false.", problems=(problem,))
    if given[0] == "true" and method not in _READING:
        raise Forbidden("The demo can be looked at, not changed.")
    return given[0] == "true"


def authenticate(
    services: Services, route: Route, headers: Mapping[str, str], *, demo: bool, proof: str = ""
) -> Principal | None:
    """The caller, or None where the route needs none.

    A token that is sent must hold, on public routes too: a caller who believes to be logged
    in learns that it is not so. `proof` is the query's, for the platform. Raises
    Unauthenticated, Forbidden, KeysUnavailable.
    """
    if route.access is Access.PLATFORM:
        require_platform(services, route.summary, headers, proof)
    if route.access in {Access.MACHINE, Access.BODY, Access.PLATFORM}:
        return None
    if route.access is Access.PROXY:
        demo, headers = False, _of_proxy(headers)
    if demo and route.access is not Access.METRICS:
        principal: Principal | None = _demo_caller(services)
    else:
        principal = _bearer(services, headers.get("authorization", ""))
    if route.access is Access.PUBLIC:
        return principal
    if principal is None:
        raise Unauthenticated("Log in first, or send an API key: Authorization: Bearer ...")
    needed = Scope.METRICS if route.access is Access.METRICS else route.scope
    if not principal.scopes & _enough(route, needed):
        raise Forbidden(f"This key lacks the scope '{needed}'.")
    return principal


def _enough(route: Route, needed: Scope) -> frozenset[Scope]:
    """Any of these scopes opens the route."""
    ways = (needed, Scope.PROXY) if route.access is Access.PROXY else (needed,)
    return frozenset(ways)


def _of_proxy(headers: Mapping[str, str]) -> Mapping[str, str]:
    """With a key of its own the caller's Authorization is meant for the machine."""
    key = headers.get(KEY_HEADER)
    return headers if key is None else {"authorization": f"Bearer {key}"}


def require_platform(
    services: Services, function: str, headers: Mapping[str, str], proof: str
) -> None:
    """Let the platform in, and nobody else. Names of headers are in lower case.

    Raises Unauthenticated, Forbidden, KeysUnavailable.
    """
    services.callers.require(function, headers.get("authorization", ""), proof)


def _bearer(services: Services, authorization: str) -> Principal | None:
    if not authorization:
        return None
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated("Send Authorization: Bearer with one token.")
    if not (token.isascii() and token.isprintable()):
        raise Unauthenticated("This is not a token of ours.")
    from shared.app.auth.authenticate import principal_of  # noqa: PLC0415 - public calls need none

    return principal_of(services, token)


def _demo_caller(services: Services) -> Principal:
    from shared.app.auth.demo import demo_principal  # noqa: PLC0415 - only the demo needs it

    return demo_principal(services)
