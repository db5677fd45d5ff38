"""What is made of a master key: keys for one purpose each, and texts that only it opens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from shared.domain.errors import Forbidden
from shared.ports.secrets import SigningKey

KEY_BYTES = 32
_NONCE_BYTES = 12


def signing_key(master: bytes, rotation: int, purpose: str) -> SigningKey:
    return SigningKey(
        f"k{rotation}", hkdf_sha256(master, f"dumont signing {rotation} {purpose}".encode())
    )


def new_data_key() -> str:
    """Fresh secret bytes for AES-256, as base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def sealed(master: bytes, plain: str, context: str) -> str:
    """AES-256-GCM under a fresh nonce, as URL-safe base64."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(_sealing_key(master)).encrypt(nonce, plain.encode(), context.encode())
    return base64.urlsafe_b64encode(nonce + cipher).decode()


def opened(master: bytes, text: str, context: str) -> str:
    """Raises Forbidden for what was not sealed under this key and context."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        content = base64.b64decode(text, altchars=b"-_", validate=True)
        nonce, cipher = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
        plain = AESGCM(_sealing_key(master)).decrypt(nonce, cipher, context.encode())
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise Forbidden("not sealed here under this context") from error
    return plain.decode()


def hkdf_sha256(secret: bytes, purpose: bytes, salt: bytes = b"") -> bytes:
    """32 bytes by RFC 5869: extract, and one round of expand."""
    extracted = hmac.new(salt or bytes(hashlib.sha256().digest_size), secret, hashlib.sha256)
    return hmac.new(extracted.digest(), purpose + b"\x01", hashlib.sha256).digest()


def _sealing_key(master: bytes) -> bytes:
    return hkdf_sha256(master, b"dumont sealing 1")
