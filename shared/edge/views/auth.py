"""The areas /api/auth and /api/settings/providers."""

from __future__ import annotations

from typing import Any

from shared.app.auth import api_keys, provider_keys
from shared.app.auth.authenticate import principal_of
from shared.app.auth.change_password import change_password
from shared.app.auth.login import login
from shared.app.auth.logout import logout
from shared.app.auth.refresh import refresh
from shared.app.auth.register import register
from shared.app.auth.sessions import open_session
from shared.app.auth.users import user_of
from shared.contract import auth as wire
from shared.contract.paging import Listing, NoBody, NoQuery, PageQuery
from shared.domain.errors import Unauthenticated
from shared.domain.ids import ApiKeyId
from shared.domain.principals import Principal, Scope
from shared.edge.route import Access, Answer, Call, Route

NOTHING = Answer(status=204)


def post_register(call: Call[NoQuery, wire.RegisterBody]) -> wire.SessionAnswer:
    body = call.body
    user = register(call.services, body.email, body.password, body.setup_token)
    return wire.session_answer(open_session(call.services, user))


def post_login(call: Call[NoQuery, wire.LoginBody]) -> wire.SessionAnswer:
    return wire.session_answer(login(call.services, call.body.email, call.body.password))


def post_refresh(call: Call[NoQuery, wire.RefreshBody]) -> wire.SessionAnswer:
    return wire.session_answer(refresh(call.services, call.body.refresh_token))


def post_logout(call: Call[NoQuery, wire.LogoutBody]) -> Answer:
    """A refresh token says enough: the access token beside it may have run out long ago."""
    token = call.body.refresh_token
    logout(call.services, None if token else _bearer(call), token)
    return NOTHING


def get_me(call: Call[NoQuery, NoBody]) -> wire.UserAnswer:
    return wire.user_answer(user_of(call.services, call.user.user_id).value)


def put_password(call: Call[NoQuery, wire.PasswordBody]) -> Answer:
    body = call.body
    change_password(call.services, call.user, body.current_password, body.new_password)
    return NOTHING


def post_key(call: Call[NoQuery, wire.KeyBody]) -> wire.NewKeyAnswer:
    body = call.body
    new = api_keys.create_key(call.services, call.user, body.name, body.scopes, body.expires_at)
    return wire.new_key_answer(new)


def get_keys(call: Call[PageQuery, NoBody]) -> Listing[wire.KeyAnswer]:
    page = api_keys.list_keys(
        call.services, call.user, limit=call.query.limit, cursor=call.query.page_token
    )
    return Listing[wire.KeyAnswer](
        items=tuple(wire.key_answer(item.value) for item in page.items),
        next_page_token=page.next_cursor,
    )


def delete_key(call: Call[NoQuery, NoBody]) -> Answer:
    api_keys.delete_key(call.services, call.user, ApiKeyId(call.path["key_id"]))
    return NOTHING


def get_providers(call: Call[NoQuery, NoBody]) -> wire.ProvidersAnswer:
    statuses = provider_keys.list_providers(call.services, call.user)
    return wire.ProvidersAnswer(items=tuple(wire.provider_answer(each) for each in statuses))


def put_provider(call: Call[NoQuery, wire.ProviderKeyBody]) -> wire.ProviderAnswer:
    status = provider_keys.save_provider_key(
        call.services, call.user, call.body.provider, call.body.api_key
    )
    return wire.provider_answer(status)


def _bearer(call: Call[Any, Any]) -> Principal | None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if not token:
        return None
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send Authorization: Bearer with one token.")
    return principal_of(call.services, token.strip())


_LOGIN_EXAMPLE = {"email": "ann@example.org", "password": "correct horse battery staple"}
_REFRESH_EXAMPLE = {"refresh_token": "dcr_01JB8Z0Q4T6V9X2C5E7G8H1K3M_…"}

ROUTES = (
    Route(
        "POST",
        "/api/auth/register",
        post_register,
        "Create an account and log in",
        access=Access.BODY,
        body=wire.RegisterBody,
        answer=wire.SessionAnswer,
        status=201,
        raises=("already_taken", "forbidden"),
        example=_LOGIN_EXAMPLE,
        tag="auth",
    ),
    Route(
        "POST",
        "/api/auth/login",
        post_login,
        "Log in with e-mail and password",
        access=Access.BODY,
        body=wire.LoginBody,
        answer=wire.SessionAnswer,
        raises=("unauthenticated", "rate_limited"),
        example=_LOGIN_EXAMPLE,
        tag="auth",
    ),
    Route(
        "POST",
        "/api/auth/refresh",
        post_refresh,
        "Exchange a refresh token for the next pair",
        access=Access.BODY,
        body=wire.RefreshBody,
        answer=wire.SessionAnswer,
        raises=("unauthenticated",),
        example=_REFRESH_EXAMPLE,
        tag="auth",
    ),
    Route(
        "POST",
        "/api/auth/logout",
        post_logout,
        "End this login",
        access=Access.BODY,
        body=wire.LogoutBody,
        status=204,
        raises=("unauthenticated",),
        example=_REFRESH_EXAMPLE,
        tag="auth",
    ),
    Route("GET", "/api/auth/me", get_me, "Who I am", answer=wire.UserAnswer, tag="auth"),
    Route(
        "PUT",
        "/api/auth/password",
        put_password,
        "Change my password and end my other logins",
        scope=Scope.WRITE,
        body=wire.PasswordBody,
        status=204,
        raises=("rate_limited",),
        example={
            "current_password": "correct horse battery staple",
            "new_password": "a longer and better passphrase",
        },
        tag="auth",
    ),
    Route(
        "POST",
        "/api/auth/keys",
        post_key,
        "Make an API key; it is shown this once",
        scope=Scope.WRITE,
        body=wire.KeyBody,
        answer=wire.NewKeyAnswer,
        status=201,
        raises=("conflict",),
        example={
            "name": "laptop",
            "scopes": ["read", "write"],
            "expires_at": "2099-01-01T00:00:00Z",
        },
        tag="auth",
    ),
    Route(
        "GET",
        "/api/auth/keys",
        get_keys,
        "My API keys, without their secrets",
        query=PageQuery,
        answer=Listing[wire.KeyAnswer],
        tag="auth",
    ),
    Route(
        "DELETE",
        "/api/auth/keys/<key_id>",
        delete_key,
        "Delete an API key",
        scope=Scope.WRITE,
        status=204,
        raises=("not_found",),
        tag="auth",
    ),
    Route(
        "GET",
        "/api/settings/providers",
        get_providers,
        "Which marketplaces I have set a key for",
        answer=wire.ProvidersAnswer,
        tag="settings",
    ),
    Route(
        "PUT",
        "/api/settings/providers",
        put_provider,
        "Set my key at a marketplace; it is tested first",
        scope=Scope.WRITE,
        body=wire.ProviderKeyBody,
        answer=wire.ProviderAnswer,
        raises=("provider_unknown", "provider_busy"),
        example={"provider": "vast", "api_key": "0123456789abcdef0123456789abcdef"},
        tag="settings",
    ),
)
