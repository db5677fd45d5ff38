"""One master key in a file; every other key is derived from it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shared.domain.errors import Forbidden
from shared.ports.secrets import SigningKey

_KEY_BYTES = 32
_NONCE_BYTES = 12
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
            _create(self._path, _Master(secrets.token_bytes(_KEY_BYTES), rotation=1))
        self._master = _read(self._path)

    def signing_keys(self, purpose: str) -> tuple[SigningKey, ...]:
        """This rotation's key and the one before it."""
        rotation = self._master.rotation
        return tuple(self._signing_key(purpose, number) for number in (rotation, rotation - 1))

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
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._sealing_key()).encrypt(nonce, plain.encode(), context.encode())
        return _SEALED + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, context: str) -> str:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            if not sealed.startswith(_SEALED):
                raise Forbidden("not sealed here")
            content = base64.b64decode(sealed[len(_SEALED) :], altchars=b"-_", validate=True)
            nonce, cipher = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
            plain = AESGCM(self._sealing_key()).decrypt(nonce, cipher, context.encode())
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise Forbidden("not sealed here under this context") from error
        return plain.decode()

    def _signing_key(self, purpose: str, rotation: int) -> SigningKey:
        secret = hkdf_sha256(self._master.secret, f"dumont signing {rotation} {purpose}".encode())
        return SigningKey(f"k{rotation}", secret)

    def _sealing_key(self) -> bytes:
        return hkdf_sha256(self._master.secret, b"dumont sealing 1")


def hkdf_sha256(secret: bytes, purpose: bytes, salt: bytes = b"") -> bytes:
    """32 bytes by RFC 5869: extract, and one round of expand."""
    extracted = hmac.new(salt or bytes(hashlib.sha256().digest_size), secret, hashlib.sha256)
    return hmac.new(extracted.digest(), purpose + b"\x01", hashlib.sha256).digest()


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
    if len(secret) != _KEY_BYTES or rotation < 1:
        raise Forbidden(f"{path} is not a master key")
    return _Master(secret, rotation)
