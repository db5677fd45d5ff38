"""Secrets as text, and what is kept of them."""

from __future__ import annotations

import hashlib
import hmac

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_LENGTH = 43  # base 62 digits that hold 32 bytes


def base62(content: bytes, length: int) -> str:
    """The bytes as one number in base 62, padded to `length` digits."""
    number = int.from_bytes(content, "big")
    digits = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits.rjust(length, "0")


def secret_from(entropy: str) -> str:
    """A secret of 43 letters and digits that carries the entropy of a token of any alphabet."""
    return base62(hashlib.sha256(entropy.encode()).digest(), SECRET_LENGTH)


def digest(text: str) -> str:
    """SHA-256 in hex: enough for a secret of 256 random bits, which no one can guess through."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def same(left: str, right: str) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
