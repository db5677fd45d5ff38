"""Logging in, API keys and provider keys, as they look on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AliasChoices, Field

from shared.contract.model import Wire
from shared.contract.times import UtcTime
from shared.domain.ids import ApiKeyId, InstanceId, UserId
from shared.domain.principals import Scope

if TYPE_CHECKING:
    from shared.app.auth.api_keys import NewKey
    from shared.app.auth.provider_keys import ProviderStatus
    from shared.app.auth.sessions import Session
    from shared.domain.users.keys import ApiKey
    from shared.domain.users.ssh_keys import SshKey
    from shared.domain.users.user import User

Email = Annotated[str, Field(min_length=3, max_length=254, description="An e-mail address.")]
NewPassword = Annotated[
    str, Field(min_length=12, max_length=128, description="12 to 128 characters.")
]
# Longer than any password, so that an old one that breaks today's rule is answered like a
# wrong one; short enough to be worth no attack.
GivenPassword = Annotated[str, Field(min_length=1, max_length=1024)]
RefreshToken = Annotated[
    str, Field(min_length=1, max_length=256, description="The newest one of this login.")
]


class RegisterBody(Wire):
    email: Email
    password: NewPassword
    setup_token: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="From the one-time set-up link, where registration is closed.",
    )


class LoginBody(Wire):
    email: str = Field(
        min_length=1,
        max_length=254,
        validation_alias=AliasChoices("email", "username"),
        description="The e-mail; `username` is accepted as another name for it.",
    )
    password: GivenPassword


class RefreshBody(Wire):
    refresh_token: RefreshToken


class LogoutBody(Wire):
    """Without a refresh token the login of the access token ends."""

    refresh_token: RefreshToken | None = None


class PasswordBody(Wire):
    current_password: GivenPassword
    new_password: NewPassword


class KeyBody(Wire):
    name: str = Field(min_length=1, max_length=100, description="For you, to tell keys apart.")
    scopes: tuple[Scope, ...] = Field(
        default=(Scope.READ,),
        min_length=1,
        max_length=len(Scope),
        description="read; write (everything that changes or spends); metrics (GET /metrics);"
        " proxy (requests to instances' own servers); operate (background jobs, operators only).",
    )
    expires_at: UtcTime | None = Field(default=None, description="Null for a key that lasts.")
    instance_id: InstanceId | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="The one instance whose server it opens; with the scope proxy alone.",
    )


class ProviderKeyBody(Wire):
    provider: str = Field(min_length=1, max_length=40, description="vast or tensordock")
    api_key: str = Field(
        min_length=1,
        max_length=512,
        pattern=r"^[!-~]+$",
        description="Tested at the provider before it is kept; never shown again.",
    )


class UserAnswer(Wire):
    id: UserId
    email: str
    created_at: UtcTime
    demo: bool


class SessionAnswer(Wire):
    """`expires_in` is in seconds, of the access token."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme of RFC 6750, no secret
    expires_in: int
    user: UserAnswer


class KeyAnswer(Wire):
    """`last_used_at` is exact to the hour; null when the key was never used."""

    id: ApiKeyId
    name: str
    scopes: tuple[Scope, ...]
    created_at: UtcTime
    expires_at: UtcTime | None
    last_used_at: UtcTime | None
    instance_id: InstanceId | None


class NewKeyAnswer(KeyAnswer):
    """`key` is shown this once."""

    key: str


class ProviderAnswer(Wire):
    """`accepted_at`: when the provider last took the key."""

    provider: str
    is_set: bool
    accepted_at: UtcTime | None


class ProvidersAnswer(Wire):
    items: tuple[ProviderAnswer, ...]


class SshKeyBody(Wire):
    public_key: str = Field(
        max_length=4096,
        description='One line, as in ~/.ssh/id_ed25519.pub; "" removes it.',
    )


class SshKeyAnswer(Wire):
    """All null where none is kept. `fingerprint` is SHA-256, as `ssh-keygen -l` shows it."""

    public_key: str | None
    fingerprint: str | None
    comment: str | None
    set_at: UtcTime | None


def user_answer(user: User) -> UserAnswer:
    return UserAnswer(id=user.id, email=user.email, created_at=user.created_at, demo=user.demo)


def session_answer(session: Session) -> SessionAnswer:
    return SessionAnswer(
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        expires_in=session.expires_in_s,
        user=user_answer(session.user),
    )


def key_answer(key: ApiKey) -> KeyAnswer:
    return KeyAnswer(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        instance_id=key.instance_id,
    )


def new_key_answer(new: NewKey) -> NewKeyAnswer:
    return NewKeyAnswer(**key_answer(new.key).model_dump(), key=new.text)


def provider_answer(status: ProviderStatus) -> ProviderAnswer:
    return ProviderAnswer(
        provider=status.provider, is_set=status.is_set, accepted_at=status.accepted_at
    )


def ssh_key_answer(key: SshKey | None) -> SshKeyAnswer:
    if key is None:
        return SshKeyAnswer(public_key=None, fingerprint=None, comment=None, set_at=None)
    return SshKeyAnswer(
        public_key=key.line, fingerprint=key.fingerprint, comment=key.comment, set_at=key.set_at
    )
