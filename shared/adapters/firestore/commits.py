"""One commit: a batch whose every write says what it expects, sent once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.api_core import exceptions
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore

from shared.adapters import codec
from shared.adapters.billed import billed
from shared.adapters.firestore import documents
from shared.domain.errors import DocumentExists, VersionConflict
from shared.ports.counting import record
from shared.ports.store import Add, Delete, Increment, Postpone, Save, Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.cloud.firestore_v1.document import DocumentReference

    from shared.ports.store import Write

_ATTEMPTS = 3  # each after the first because an expired document stood in an Add's way
_PRECONDITION_FAILED = (
    exceptions.AlreadyExists,
    exceptions.FailedPrecondition,
    exceptions.NotFound,
)


class Commit:
    """Sends the writes; an Add replaces a document that has expired but is still there."""

    def __init__(
        self, client: firestore.Client, writes: Sequence[Write], now: str, timeout_s: float
    ) -> None:
        self._client = client
        self._writes = writes
        self._now = now
        self._timeout_s = timeout_s

    def run(self) -> tuple[Version, ...]:
        """The new versions. Raises DocumentExists or VersionConflict; then nothing was written."""
        expired: dict[int, Version] = {}
        for _ in range(_ATTEMPTS):
            try:
                return self._send(expired)
            except _PRECONDITION_FAILED as error:
                found = self._expired_adds(error)
                if found == expired:
                    raise VersionConflict("a document is no longer at its version") from error
                expired = found
        raise VersionConflict("the documents keep changing")

    def _send(self, expired: Mapping[int, Version]) -> tuple[Version, ...]:
        batch = self._client.batch()
        for index, write in enumerate(self._writes):
            self._put(batch, write, expired.get(index))
        # Never repeated by the client: a second try of a create that had worked would say
        # that somebody else made the document.
        results = batch.commit(retry=None, timeout=self._timeout_s)
        record(**billed(self._writes))
        return tuple(
            Version("" if isinstance(write, Delete) else _rfc3339(result.update_time))
            for write, result in zip(self._writes, results, strict=True)
        )

    def _put(self, batch: Any, write: Write, expired: Version | None) -> None:
        reference = self._reference(write)
        match write:
            case Add() if expired is None:
                batch.create(reference, _fields(write))
            case Add():
                batch.update(reference, _fields(write), option=self._at(expired))
            case Save(expected=expected):
                batch.update(reference, _fields(write), option=self._at(expected))
            case Delete(expected=None):
                batch.delete(reference)
            case Delete(expected=expected):
                batch.delete(reference, option=self._at(expected))
            case Postpone(field=field, until=until, expected=expected):
                batch.update(
                    reference, documents.postponed(field, until), option=self._at(expected)
                )
            case Increment(amounts=amounts):
                added = {name: firestore.Increment(amount) for name, amount in amounts.items()}
                # Adding nothing leaves a schema as it is, and gives a new document UNVERSIONED.
                added[codec.SCHEMA] = firestore.Increment(codec.UNVERSIONED)
                batch.set(reference, added, merge=True)

    def _expired_adds(self, error: Exception) -> dict[int, Version]:
        """The Adds that met an expired document; raises DocumentExists if one met a living one."""
        found: dict[int, Version] = {}
        for index, write in enumerate(self._writes):
            if not isinstance(write, Add):
                continue
            snapshot = self._reference(write).get(timeout=self._timeout_s)
            record(reads=1)
            if not snapshot.exists:
                continue
            if not documents.has_expired(write.collection, snapshot.to_dict() or {}, self._now):
                raise DocumentExists(f"{write.collection.name}/{write.key} exists") from error
            found[index] = Version(snapshot.update_time.rfc3339())
        return found

    def _reference(self, write: Write) -> DocumentReference:
        return self._client.collection(write.collection.name).document(write.key)

    def _at(self, version: Version | None) -> Any:
        try:
            moment = DatetimeWithNanoseconds.from_rfc3339(version)
        except (ValueError, TypeError) as error:
            raise VersionConflict(f"{version!r} is the version of no document") from error
        return self._client.write_option(last_update_time=moment.timestamp_pb())


def _fields(write: Add[Any] | Save[Any]) -> dict[str, Any]:
    return documents.to_fields(write.collection, codec.encode(write.collection, write.value))


def _rfc3339(moment: Any) -> str:
    text: str = moment.rfc3339()
    return text
