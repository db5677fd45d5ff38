"""The public key that opens a user's machines: one line, as `ssh-keygen` writes it. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from datetime import datetime

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass
from shared.domain.ids import UserId

LONGEST_LINE = 4096
POINTER = "/public_key"
_KIND = re.compile(r"(ssh-(ed25519|rsa)|ecdsa-sha2-nistp\d{3}|sk-[a-z0-9-]+@openssh\.com)")


@dataclass(frozen=True, slots=True)
class SshKey:
    """`line` is kind, key in base64 and comment."""

    owner: UserId
    line: str
    set_at: datetime

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it: SHA-256 of the key, base64 without padding."""
        digest = hashlib.sha256(base64.b64decode(self.line.split()[1])).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

    @property
    def comment(self) -> str:
        """What follows the key; "" for nothing."""
        return " ".join(self.line.split()[2:])


def accepted_line(text: str) -> str:
    """The line with single spaces. Raises Invalid for what no machine would take.

    Whether the key is strong is not judged; RFC 4253, 6.6: the key begins with its own kind.
    """
    if "PRIVATE KEY" in text:
        raise Invalid("This is a private key; give the .pub file's line.", POINTER)
    if len(text) > LONGEST_LINE or any(unicodedata.category(c) == "Cc" for c in text.strip()):
        raise Invalid(f"One line of at most {LONGEST_LINE} characters.", POINTER)
    kind, _, rest = " ".join(text.split()).partition(" ")
    encoded = rest.partition(" ")[0]
    if not _KIND.fullmatch(kind) or not encoded:
        raise Invalid("Begin with ssh-ed25519, ssh-rsa or the like, then the key.", POINTER)
    if not _begins_with(encoded, kind.encode()):
        raise Invalid("The key is cut off, or is not of its kind.", POINTER)
    return f"{kind} {rest}"


def _begins_with(encoded: str, kind: bytes) -> bool:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    length = int.from_bytes(key[:4], "big")
    return length == len(kind) and key[4 : 4 + length] == kind and len(key) > 4 + length
