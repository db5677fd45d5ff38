"""Registration, login, tokens, API keys; and the tenant's keys at the marketplaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

from shared.app.rates import Limited
from shared.bootstrap import services
from shared.contract import auth as wire
from shared.contract.paging import Listing, PageQuery
from shared.domain.principals import Scope
from shared.edge.http import http_function
from shared.edge.route import Access, Route
from shared.edge.views import auth as views

if TYPE_CHECKING:
    import flask

_LOGIN = {"email": "ann@example.org", "password": "correct horse battery staple"}
_REFRESH_TOKEN = {
    "refresh_token": "dcr_01KE5BYQJ8X2T4ZVN6M3R7C9WD_9fK2mQ7xVb4LrT8sNw1ZcYpD6hJ3gEuA5oXiRtB0qSv"
}
_PASSWORDS = {
    "current_password": "correct horse battery staple",
    "new_password": "a longer and better passphrase",
}
_KEY = {"name": "laptop", "scopes": ["read", "write"], "expires_at": "2099-01-01T00:00:00Z"}
_PROVIDER_KEY = {"provider": "vast", "api_key": "0123456789abcdef0123456789abcdef"}
_SSH_KEY = {
    "public_key": "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ann@laptop"
}

ROUTES = (
    Route(
        "POST",
        "/api/auth/register",
        views.post_register,
        "Create an account and log in",
        Access.BODY,
        body=wire.RegisterBody,
        answer=wire.SessionAnswer,
        status=201,
        raises=("already_taken", "forbidden"),
        limited=Limited.REGISTER,
        example=_LOGIN,
    ),
    Route(
        "POST",
        "/api/auth/login",
        views.post_login,
        "Log in with e-mail and password",
        Access.BODY,
        body=wire.LoginBody,
        answer=wire.SessionAnswer,
        raises=("unauthenticated",),
        limited=Limited.LOGIN,
        example=_LOGIN,
    ),
    Route(
        "POST",
        "/api/auth/refresh",
        views.post_refresh,
        "Exchange a refresh token for the next pair",
        Access.BODY,
        body=wire.RefreshBody,
        answer=wire.SessionAnswer,
        raises=("unauthenticated",),
        example=_REFRESH_TOKEN,
    ),
    Route(
        "POST",
        "/api/auth/logout",
        views.post_logout,
        "End this login",
        Access.BODY,
        body=wire.LogoutBody,
        status=204,
        raises=("unauthenticated",),
        example=_REFRESH_TOKEN,
    ),
    Route("GET", "/api/auth/me", views.get_me, "Who I am", answer=wire.UserAnswer),
    Route(
        "PUT",
        "/api/auth/password",
        views.put_password,
        "Change my password and end my other logins",
        scope=Scope.WRITE,
        body=wire.PasswordBody,
        status=204,
        example=_PASSWORDS,
    ),
    Route(
        "POST",
        "/api/auth/keys",
        views.post_key,
        "Make an API key; it is shown this once",
        scope=Scope.WRITE,
        body=wire.KeyBody,
        answer=wire.NewKeyAnswer,
        status=201,
        raises=("conflict",),
        example=_KEY,
    ),
    Route(
        "GET",
        "/api/auth/keys",
        views.get_keys,
        "My API keys, without their secrets",
        query=PageQuery,
        answer=Listing[wire.KeyAnswer],
    ),
    Route(
        "DELETE",
        "/api/auth/keys/<key_id>",
        views.delete_key,
        "Delete an API key",
        scope=Scope.WRITE,
        status=204,
        raises=("not_found",),
    ),
    Route(
        "GET",
        "/api/settings/providers",
        views.get_providers,
        "Which marketplaces I have set a key for",
        answer=wire.ProvidersAnswer,
    ),
    Route(
        "PUT",
        "/api/settings/providers",
        views.put_provider,
        "Set my key at a marketplace; it is tested first",
        scope=Scope.WRITE,
        body=wire.ProviderKeyBody,
        answer=wire.ProviderAnswer,
        raises=("provider_unknown", "provider_busy"),
        limited=Limited.PROVIDER_KEY,
        example=_PROVIDER_KEY,
    ),
    Route(
        "DELETE",
        "/api/settings/providers/<provider>",
        views.delete_provider,
        "Remove my key at a marketplace; not while machines are rented with it",
        scope=Scope.WRITE,
        status=204,
        raises=("not_found", "conflict"),
        idempotent=True,
    ),
    Route(
        "GET",
        "/api/settings/ssh-key",
        views.get_ssh_key,
        "My public key, which goes with an order that names none",
        answer=wire.SshKeyAnswer,
    ),
    Route(
        "PUT",
        "/api/settings/ssh-key",
        views.put_ssh_key,
        "Set or remove my public key, for machines to come",
        scope=Scope.WRITE,
        body=wire.SshKeyBody,
        answer=wire.SshKeyAnswer,
        example=_SSH_KEY,
    ),
)
_handle = http_function(ROUTES, services, name="auth")


@functions_framework.http
def auth(request: flask.Request) -> flask.Response:
    return _handle(request)
