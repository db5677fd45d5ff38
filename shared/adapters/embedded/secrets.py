"""One master key in a file; every other key is derived from it."""

from __future__ import annotations

import base64
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from shared.adapters import sealing
from shared.domain.errors import Forbidden
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from shared.ports.secrets import SigningKey

_SEALED = "s1."


@dataclass(frozen=True, slots=True)
class _Master:
    secret: bytes
    rotation: int


class EmbeddedSecrets:
    """The Secrets port. The file is made at first use, readable by its owner alone.

    Raises Forbidden when others can read it, or when it is not a master key.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        if not self._path.exists():
            _create(self._path, _Master(secrets.token_bytes(sealing.KEY_BYTES), rotation=1))
        self._master = _read(self._path)
        # A key is asked for at every call, and derived once.
        self._derived: dict[tuple[str, int], tuple[SigningKey, ...]] = {}

    def signing_keys(self, purpose: str) -> tuple[SigningKey, ...]:
        """This rotation's key and the one before it."""
        rotation = self._master.rotation
        kept = self._derived.get((purpose, rotation))
        if kept is None:
            secret, numbers = self._master.secret, (rotation, rotation - 1)
            kept = tuple(sealing.signing_key(secret, number, purpose) for number in numbers)
            self._derived[purpose, rotation] = kept
        return kept

    def rotate(self) -> None:
        """Make new signing keys; the present ones are accepted until the next rotation.

        Other processes go on with theirs until they start anew, which is what the second
        live key is for. What was sealed stays readable.
        """
        master = _Master(self._master.secret, self._master.rotation + 1)
        waiting = _written_beside(self._path, master)
        waiting.replace(self._path)
        self._master = master

    def seal(self, plain: str, context: str) -> str:
        return _SEALED + sealing.sealed(self._master.secret, plain, context)

    def new_data_key(self, context: str) -> str:
        return self.seal(sealing.new_data_key(), context)

    def open(self, sealed: str, context: str) -> str:
        if not sealed.startswith(_SEALED):
            raise Forbidden("not sealed here")
        return sealing.opened(self._master.secret, sealed.removeprefix(_SEALED), context)


def _create(path: Path, master: _Master) -> None:
    """Whole and exactly once: of two that start together, one's key is everybody's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = _written_beside(path, master)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(waiting)
    finally:
        waiting.unlink()


def _written_beside(path: Path, master: _Master) -> Path:
    content = {
        "master_key": base64.b64encode(master.secret).decode(),
        "rotation": master.rotation,
    }
    waiting = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    return waiting


def _read(path: Path) -> _Master:
    if path.stat().st_mode & 0o077:
        raise Forbidden(f"{path} can be read by others: chmod 600 it")
    try:
        content = json.loads(path.read_text())
        secret = base64.b64decode(content["master_key"], validate=True)
        rotation = int(content["rotation"])
    except (ValueError, KeyError, TypeError) as error:
        raise Forbidden(f"{path} is not a master key") from error
    if len(secret) != sealing.KEY_BYTES or rotation < 1:
        raise Forbidden(f"{path} is not a master key")
    return _Master(secret, rotation)
