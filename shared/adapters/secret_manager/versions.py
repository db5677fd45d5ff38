"""The two calls of Secret Manager's REST interface that we need: list versions, read one.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions
"""

from __future__ import annotations

import base64
import re
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.domain.errors import Forbidden, KeysUnavailable
from shared.domain.frozen import dataclass
from shared.ports.counting import record

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://secretmanager.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT_S = 5
_NAME = re.compile(r"projects/[a-z0-9-]{1,63}/secrets/[A-Za-z0-9_-]{1,255}")
_NUMBER = re.compile(r".*/versions/([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    created_at: datetime


class SecretVersions:
    """The versions of one secret. `session` is an AuthorizedSession, made at the first call.

    Raises ValueError for a `name` that is not projects/<project>/secrets/<secret>.
    """

    def __init__(self, name: str, session: Any = None, url: str = URL) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not projects/<project>/secrets/<secret>")
        self._base = f"{url}/v1/{name}/versions"
        self._session = session

    def newest(self, count: int) -> tuple[Version, ...]:
        """Those in force, the newest first. Raises KeysUnavailable."""
        query = {"filter": "state:ENABLED", "pageSize": str(count)}
        record(secret_accesses=1)
        with _translated():
            answer = self._authorized().get(self._base, params=query, timeout=_TIMEOUT_S)
            _require_ok(answer.status_code)
            rows = answer.json().get("versions", ())
            return tuple(_version(row) for row in rows[:count])

    def content(self, number: int) -> bytes:
        """Raises KeysUnavailable; Forbidden for a version that is not there or not in force."""
        record(secret_accesses=1)
        with _translated():
            url = f"{self._base}/{number}:access"
            answer = self._authorized().get(url, timeout=_TIMEOUT_S)
            if answer.status_code in {400, 404}:
                raise Forbidden(f"version {number} of the secret is not in force")
            _require_ok(answer.status_code)
            return base64.b64decode(answer.json()["payload"]["data"], validate=True)

    def _authorized(self) -> Any:
        if self._session is None:
            import google.auth
            from google.auth.transport.requests import AuthorizedSession

            credentials, _ = google.auth.default(scopes=[SCOPE])
            self._session = AuthorizedSession(credentials)
        return self._session


def _version(row: dict[str, Any]) -> Version:
    found = _NUMBER.fullmatch(row["name"])
    if found is None:
        raise ValueError("a version without a number")
    return Version(int(found[1]), datetime.fromisoformat(row["createTime"]))


def _require_ok(status: int) -> None:
    if status != 200:
        raise KeysUnavailable(f"Secret Manager answered {status}")


@contextmanager
def _translated() -> Iterator[None]:
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAuthError, OSError) as error:  # requests' own errors are OSErrors
        raise KeysUnavailable("Secret Manager does not answer") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysUnavailable("Secret Manager's answer cannot be read") from error
