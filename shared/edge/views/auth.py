"""The areas /api/auth and /api/settings/providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.app.auth import api_keys, provider_keys, ssh_key
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
from shared.edge.route import Answer, Call

if TYPE_CHECKING:
    from shared.domain.principals import Principal

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
    new = api_keys.create_key(
        call.services, call.user, body.name, body.scopes, body.expires_at, body.instance_id
    )
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


def delete_provider(call: Call[NoQuery, NoBody]) -> Answer:
    provider_keys.remove_provider_key(call.services, call.user, call.path["provider"])
    return NOTHING


def get_ssh_key(call: Call[NoQuery, NoBody]) -> wire.SshKeyAnswer:
    return wire.ssh_key_answer(ssh_key.ssh_key_of(call.services, call.user.user_id))


def put_ssh_key(call: Call[NoQuery, wire.SshKeyBody]) -> wire.SshKeyAnswer:
    kept = ssh_key.set_ssh_key(call.services, call.user, call.body.public_key)
    return wire.ssh_key_answer(kept)


def _bearer(call: Call[Any, Any]) -> Principal | None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if not token:
        return None
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send Authorization: Bearer with one token.")
    return principal_of(call.services, token.strip())
