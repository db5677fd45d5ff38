"""Single documents of Firestore over its REST interface.

https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents/get. Google's
client loads gRPC: a quarter of a second and 35 MiB, which a steady heartbeat would pay at a cold
start for one small document.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from shared.adapters import codec
from shared.adapters.firestore import documents
from shared.adapters.keys import is_possible
from shared.domain.errors import StoreError
from shared.ports.counting import record
from shared.ports.store import Stored, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.ports.clock import Clock
    from shared.ports.store import Collection

T = TypeVar("T")

URL = "https://firestore.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/datastore"
_TIMEOUT_S = 5
_SHORTEST_FRACTION = 6  # digits of a second, as Google's client writes a whole one


class RestReader:
    """The Reader port on one database of a project; FIRESTORE_EMULATOR_HOST names an emulator.

    Says of a document what FirestoreStore says, its version included.
    """

    def __init__(self, clock: Clock, *, project: str, database: str = "(default)") -> None:
        emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
        base = f"http://{emulator}" if emulator else URL
        self._documents = f"{base}/v1/projects/{project}/databases/{database}/documents"
        self._is_genuine = not emulator
        self._clock = clock
        self._lock = Lock()  # a session's connections are not for several threads at a time
        self._session: Any = None

    def get(self, collection: Collection[T], key: str) -> Stored[T] | None:
        record(reads=1)
        if not is_possible(key):
            return None
        found = self._answer(f"{self._documents}/{collection.name}/{quote(key, safe='')}")
        if found is None:
            return None
        with _readable():
            document = documents.from_fields(_map(found))
            version = Version(_canonical(found["updateTime"]))
        if documents.has_expired(collection, document, codec.time_text(self._clock.now())):
            return None
        return Stored(key, codec.decode(collection, document), version)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def _answer(self, url: str) -> Any:
        """The document as it was sent; None for one that is not there."""
        from google.auth.exceptions import GoogleAuthError

        try:
            with self._lock:
                answer = self._authorized().get(url, timeout=_TIMEOUT_S)
                if answer.status_code == 404:
                    return None
                if answer.status_code != 200:
                    raise StoreError(f"Firestore answered {answer.status_code}")
                return answer.json()
        except (GoogleAuthError, OSError, ValueError) as error:  # requests' own are OSErrors
            raise StoreError(f"Firestore: {error}") from error

    def _authorized(self) -> Any:
        if self._session is None:
            import google.auth
            from google.auth.credentials import AnonymousCredentials
            from google.auth.transport.requests import AuthorizedSession

            credentials = (
                google.auth.default(scopes=[SCOPE])[0]
                if self._is_genuine
                else AnonymousCredentials()
            )
            self._session = AuthorizedSession(credentials)
        return self._session


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("Firestore's answer cannot be read") from error


def _map(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(each) for name, each in value.get("fields", {}).items()}


def _value(sent: Mapping[str, Any]) -> Any:
    """One value by its kind. Raises ValueError for a kind that our documents do not hold."""
    ((kind, value),) = sent.items()
    match kind:
        case "nullValue":
            return None
        case "stringValue" | "booleanValue" | "timestampValue":
            return value
        case "integerValue":
            return int(value)
        case "doubleValue":
            return float(value)
        case "arrayValue":
            return [_value(each) for each in value.get("values", ())]
        case "mapValue":
            return _map(value)
    raise ValueError(f"a value of kind {kind}")


def _canonical(moment: str) -> str:
    """As Google's client writes it: no zeros at the end, but six for a whole second."""
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0' * _SHORTEST_FRACTION}Z"
