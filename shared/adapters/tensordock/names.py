"""Our label as the name of a virtual machine, and back.

Which characters and how many a name may have is not documented. Ours come out as letters, digits
and hyphens, as in a host name. A label under 70 characters is not cut: a name that is refused is
a machine less, a label that is cut would be a machine that nobody finds.
"""

from __future__ import annotations

import re

from shared.domain.errors import ProviderRefused

_ESCAPES = {"/": "--", "-": "-h", "_": "-u", ".": "-d"}
_PLAIN = {escape: character for character, escape in _ESCAPES.items()}
_LABEL = re.compile(r"[A-Za-z0-9/_.-]+")
_NAME = re.compile(r"(?:[A-Za-z0-9]|--|-h|-u|-d)+")
_PIECE = re.compile(r"-.|.")


def name_of(label: str) -> str:
    """Raises ProviderRefused (invalid) for a label that no name can carry."""
    if not _LABEL.fullmatch(label):
        raise ProviderRefused("the label has characters that no name can carry", "invalid")
    return "".join(_ESCAPES.get(character, character) for character in label)


def label_of(name: str) -> str:
    """The label that became this name; a name that is not ours is its own label."""
    if not _NAME.fullmatch(name):
        return name
    return "".join(_PLAIN.get(piece, piece) for piece in _PIECE.findall(name))
