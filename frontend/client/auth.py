"""The `/api/auth` area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.client import errors
from frontend.client.models.base import read
from frontend.client.models.history import User
from frontend.client.transport import Request, tokens_of

if TYPE_CHECKING:
    from frontend.client.transport import Transport


class Auth:
    """Logging in fills the client's vault; logging out empties it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, email: str, password: str, setup_token: str | None = None) -> User:
        """A new account, logged in. A closed deployment admits its first user by a set-up token.

        Raises Conflict when the address is taken, Forbidden where nobody may register.
        """
        body = {"email": email, "password": password}
        if setup_token is not None:
            body["setup_token"] = setup_token
        self._transport.call(Request("POST", "/api/auth/register", body=body, anonymous=True))
        return self.login(email, password)

    def login(self, email: str, password: str) -> User:
        """Raises Unauthenticated, or RateLimited after too many wrong passwords."""
        body = {"email": email, "password": password}
        request = Request("POST", "/api/auth/login", body=body, anonymous=True)
        answer = self._transport.call(request)
        tokens = tokens_of(answer)
        user = answer.get("user") if isinstance(answer, dict) else None
        self._transport.vault.save(tokens)
        return read(User, user) if user is not None else self.me()

    def logout(self) -> None:
        """Ends the login on the server; here it ends even if the server is not there."""
        tokens = self._transport.vault.load()
        if tokens is None:
            return
        self._transport.vault.save(None)
        body = {} if tokens.refresh is None else {"refresh_token": tokens.refresh}
        request = Request(
            "POST", "/api/auth/logout", body=body, anonymous=True, bearer=tokens.access
        )
        try:
            self._transport.call(request)
        except errors.Unauthenticated:
            return  # it had ended by itself

    def me(self) -> User:
        """Who is logged in. Raises Unauthenticated."""
        answer = self._transport.get("/api/auth/me")
        if isinstance(answer, dict) and isinstance(answer.get("user"), dict):
            answer = answer["user"]
        return read(User, answer)
