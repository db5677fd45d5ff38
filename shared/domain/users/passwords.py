"""What a password must be. Length is what counts (NIST SP 800-63B 3.1.1.2)."""

from __future__ import annotations

import unicodedata

from shared.domain.errors import Invalid

SHORTEST = 12  # characters
LONGEST = 128  # characters; bounds the work of one hash


def canonical(password: str) -> str:
    """The password as it is hashed: the same keys give the same bytes on every keyboard (NFC)."""
    return unicodedata.normalize("NFC", password)


def accepted(password: str, pointer: str = "/password") -> str:
    """A new password in its canonical form. Raises Invalid."""
    text = canonical(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(f"A password has {SHORTEST} to {LONGEST} characters.", pointer)
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise Invalid("This password is not valid Unicode.", pointer)
    return text
