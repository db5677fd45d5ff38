"""The one spelling of an e-mail address, so that one person cannot be two accounts."""

from __future__ import annotations

import re
import unicodedata

from shared.domain.errors import Invalid

LONGEST = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
LONGEST_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1
LONGEST_LABEL = 63  # RFC 1035 2.3.4

_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\\\].]+(\.[^\s@\"(),:;<>\[\\\].]+)*")
_LABEL = re.compile(r"[^\W_]([\w-]*[^\W_])?")


def normalised(text: str) -> str:
    """The address in NFKC and lower case, without surrounding space.

    Nothing is sent, so names that exist only inside a network (`.local`, `.test`) are accepted.
    Lower case joins `Ann@x.org` and `ann@x.org`, which RFC 5321 lets differ and no one means to.
    Raises Invalid.
    """
    address = unicodedata.normalize("NFKC", text).strip().lower()
    local, _, domain = address.rpartition("@")
    if len(address) > LONGEST or not _is_local_part(local) or not _is_domain(domain):
        raise Invalid("This is not an e-mail address.", "/email")
    return address


def _is_local_part(text: str) -> bool:
    printable = all(unicodedata.category(letter)[0] != "C" for letter in text)
    return printable and len(text) <= LONGEST_LOCAL_PART and bool(_LOCAL_PART.fullmatch(text))


def _is_domain(text: str) -> bool:
    labels = text.split(".")
    return all(len(label) <= LONGEST_LABEL and _LABEL.fullmatch(label) for label in labels)
