"""A function's HTTP side, written once: route, authenticate, parse, call, answer, log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import flask
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from shared.app.services import Services
from shared.contract.paging import NoBody, NoQuery
from shared.edge import headers as heading
from shared.edge.authenticate import authenticate, wants_demo
from shared.edge.idempotency import HEADER as IDEMPOTENCY_KEY
from shared.edge.idempotency import KeyedCall, keyed_call, once
from shared.edge.logging import install, log_call, log_defect
from shared.edge.parsing import parse_body, parse_query, read_body
from shared.edge.problem import MEDIA_TYPE, refusal_of, render
from shared.edge.reply import Reply, reply_of
from shared.edge.route import Access, Call, Route
from shared.edge.routing import Match, RouteTable
from shared.edge.tracing import NO_TRACE, given_trace_id, trace_id_of
from shared.ports.counting import OperationCounts, counted

if TYPE_CHECKING:
    from pydantic import BaseModel

    from shared.domain.principals import Principal

HttpTarget = Callable[[flask.Request], flask.Response]

MAX_BODY_BYTES = 1 << 20
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request with what is needed to answer it, however it ends."""

    services: Services
    request: flask.Request
    headers: Mapping[str, str]
    trace_id: str
    started_s: float

    @property
    def origin(self) -> str:
        return self.headers.get("origin", "")


def http_function(
    routes: tuple[Route, ...],
    services: Callable[[], Services],
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> HttpTarget:
    """What functions-framework calls. Never raises: every failure becomes a problem answer."""
    table = RouteTable(routes)
    install()

    def handle(request: flask.Request) -> flask.Response:
        try:
            provided = services()
        except Exception as error:  # noqa: BLE001 - a deployment that is set up wrongly
            return _out_of_order(request, error)
        with counted() as operations:
            exchange = _begin(provided, request)
            try:
                reply = _answer(exchange, table, max_body_bytes)
            except HTTPException as error:
                reply = _problem(exchange, refusal_of(error))
            except Exception as error:  # noqa: BLE001 - the one place where all of them end
                reply = _problem(exchange, error)
        _log(exchange, reply, operations)
        return _response(exchange, reply)

    if flask.has_app_context():
        _take_over_dead_ends(handle)
    return handle


def _take_over_dead_ends(handle: HttpTarget) -> None:
    """Answer ourselves where the framework's own routing would redirect or show a page: doubled
    slashes, line breaks in a path, /robots.txt. It loads a function inside its application.
    """
    app = flask.current_app
    app.url_map.merge_slashes = False
    app.register_error_handler(404, lambda _error: handle(flask.request))


def _out_of_order(request: flask.Request, error: Exception) -> flask.Response:
    """Without services there are no settings either: the least that can be said."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    trace_id = given_trace_id(headers) or NO_TRACE
    log_defect("the services of this process cannot be made", error, trace_id)
    rendered = render(RuntimeError(), path=request.path, trace_id=trace_id)
    body = rendered.problem.model_dump_json(exclude_none=True)
    return flask.Response(body, rendered.problem.status, content_type=MEDIA_TYPE)


def _begin(services: Services, request: flask.Request) -> _Exchange:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return _Exchange(
        services,
        request,
        headers,
        trace_id=trace_id_of(headers, services.ids),
        started_s=services.clock.monotonic_s(),
    )


def _answer(exchange: _Exchange, table: RouteTable, max_body_bytes: int) -> Reply:
    request, settings = exchange.request, exchange.services.settings
    body = read_body(request, max_body_bytes)
    heading.require_own_host(settings, exchange.headers.get("host", ""), exchange.origin)
    if request.method == "OPTIONS":
        methods = table.methods(request.path)
        return Reply(204, headers=heading.preflight_headers(settings, exchange.origin, methods))
    match = table.match(request.method, request.path)
    demo = wants_demo(request.method, request.args)
    principal = authenticate(exchange.services, match.route, exchange.headers, demo=demo)
    return _call(exchange, match, principal, body)


def _call(exchange: _Exchange, match: Match, principal: Principal | None, body: bytes) -> Reply:
    route, request = match.route, exchange.request
    arguments = MultiDict(
        (name, value) for name, value in request.args.items(multi=True) if name != "demo"
    )
    query = parse_query(route.query or NoQuery, arguments)
    # A machine's message is agent_wire's to read, and a scheduler may send anything: their
    # views get it as it was sent.
    raw = match.route.access in {Access.MACHINE, Access.PLATFORM}
    content = b"" if raw or request.method in _READING else body
    parsed = parse_body(route.body or NoBody, content, exchange.headers.get("content-type", ""))
    keyed = _keyed(exchange, match, principal, body)

    def effect() -> Reply:
        call: Call[BaseModel, BaseModel] = Call(
            services=exchange.services,
            principal=principal,
            path=match.values,
            query=query,
            body=parsed,
            headers=exchange.headers,
            remote_addr=_caller_address(exchange),
            trace_id=exchange.trace_id,
            idempotency_id=keyed.id if keyed else "",
            raw_body=body if raw else b"",
        )
        return reply_of(route, route.view(call))

    return once(exchange.services, keyed, effect) if keyed else effect()


def _keyed(
    exchange: _Exchange, match: Match, principal: Principal | None, body: bytes
) -> KeyedCall | None:
    header = exchange.headers.get(IDEMPOTENCY_KEY)
    if header is None or not match.route.idempotent:
        return None
    route = f"{match.route.method} {match.route.path}"
    values = "/".join(f"{name}={match.values[name]}" for name in sorted(match.values))
    asked = (values.encode(), exchange.request.query_string, body)
    return keyed_call(header, principal.user_id if principal else "", route, asked)


def _caller_address(exchange: _Exchange) -> str:
    return heading.client_address(
        exchange.headers.get("x-forwarded-for", ""),
        exchange.request.remote_addr or "",
        exchange.services.settings.trusted_hops,
    )


def _problem(exchange: _Exchange, error: Exception) -> Reply:
    rendered = render(error, path=exchange.request.path, trace_id=exchange.trace_id)
    if not rendered.expected:
        log_defect(f"{exchange.request.method} failed", error, exchange.trace_id)
    body = rendered.problem.model_dump_json(exclude_none=True).encode()
    return Reply(rendered.problem.status, body, MEDIA_TYPE, rendered.headers)


def _response(exchange: _Exchange, reply: Reply) -> flask.Response:
    response = flask.Response(reply.body, reply.status)
    response.headers["Content-Type"] = reply.media_type
    standing = heading.standing_headers(
        exchange.services.settings, exchange.trace_id, exchange.origin
    )
    for name, value in {**standing, **reply.headers}.items():
        response.headers[name] = value
    if reply.status == 204:
        del response.headers["Content-Type"]
    return response


def _log(exchange: _Exchange, reply: Reply, operations: OperationCounts) -> None:
    """Successes of a frequent call are sampled by their trace; the rest is always told."""
    if reply.status < 400 and int(exchange.trace_id[:8], 16) % reply.logged_one_in:
        return
    request, clock = exchange.request, exchange.services.clock
    log_call(
        f"{request.method} {request.path} {reply.status}",
        operations,
        trace_id=exchange.trace_id,
        method=request.method,
        path=request.path,
        status=reply.status,
        ms=round((clock.monotonic_s() - exchange.started_s) * 1000, 1),
    )
