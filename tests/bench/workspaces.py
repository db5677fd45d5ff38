"""A workspace to snapshot, of the kinds of files that one has: the same for the same seed.

At scale 1: two Python environments of 16,700 and 37,600 files (the second holds a copy of the
first), 1 GB of bf16 weights, a 524 MB checkpoint, 300 MB of JSON lines, 200 notebooks. Weights
are noise whose exponents are distributed as those of weights are; text is words by Zipf's law.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
_POOL_BYTES = 24 * MIB
_FIRST_FILES, _SECOND_FILES = 16_700, 20_900
_FILES_PER_FOLDER = 9


@dataclass(frozen=True, slots=True)
class Workspace:
    """`hot` folders are those whose files count as read in the last session."""

    root: Path
    hot: tuple[str, ...]
    small_file: str
    checkpoint: str
    files: int
    size_bytes: int


def made(root: Path, scale: float, seed: int = 1) -> Workspace:
    dice = random.Random(seed)
    root.mkdir(parents=True)
    pool = _text(dice, _POOL_BYTES)
    _environment(root / "venv", dice, pool, int(_FIRST_FILES * scale))
    _copy(root / "venv", root / "venv2")
    _environment(root / "venv2" / "more", dice, pool, int(_SECOND_FILES * scale))
    _weights(root / "model.safetensors", dice, int(1000 * scale) * MIB, b"\0\1")
    _weights(root / "run" / "last.ckpt", dice, int(500 * scale) * MIB, b"\0\0\0\1")
    _lines(root / "corpus.jsonl", dice, pool, int(286 * scale) * MIB)
    for number in range(max(4, int(200 * scale))):
        _write(root / "notebooks" / f"{number}.ipynb", _slice(dice, pool, 40_000))
    files = [path for path in root.rglob("*") if path.is_file()]
    hot = ("venv", "notebooks")
    for path in files:
        stat = path.stat()
        read = path.relative_to(root).parts[0] in hot
        # later than the change that this makes, or at the beginning of time
        os.utime(path, ns=((stat.st_ctime_ns + 600 * 10**9) if read else 0, stat.st_mtime_ns))
    return Workspace(
        root,
        hot,
        "notebooks/1.ipynb",
        "run/last.ckpt",
        len(files),
        sum(path.stat().st_size for path in files),
    )


def rewrite(workspace: Workspace, share: float, seed: int) -> int:
    """Rewrite so much of the checkpoint in place, by aligned MiB; how many bytes."""
    dice = random.Random(seed)
    path = workspace.root / workspace.checkpoint
    blocks = path.stat().st_size // MIB
    chosen = dice.sample(range(blocks), max(1, int(blocks * share)))
    with path.open("r+b") as file:
        for block in chosen:
            file.seek(block * MIB)
            file.write(dice.randbytes(MIB))
    return len(chosen) * MIB


def _environment(root: Path, dice: random.Random, pool: bytes, files: int) -> None:
    """Mostly small sources, some compiled files, a few libraries of megabytes."""
    for number in range(files):
        folder = root / f"package {number // 300}" / f"module {number // _FILES_PER_FOLDER}"
        kind = dice.random()
        size = int(min(4 * MIB, dice.lognormvariate(8.4, 1.5)))
        if kind < 0.02:
            _write(folder / f"lib{number}.so", _binary(dice, pool, int(size * 60) % (9 * MIB)))
        elif kind < 0.4:
            _write(folder / f"mod{number}.pyc", _binary(dice, pool, size))
        elif kind < 0.45:
            _write(folder / f"empty{number}.py", b"")
        else:
            _write(folder / f"mod{number}.py", _slice(dice, pool, size))


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            _write(target / path.relative_to(source), path.read_bytes())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _text(dice: random.Random, size: int) -> bytes:
    letters = "etaoinshrdlucmfwyp"
    words = ["".join(dice.choices(letters, k=dice.randint(2, 11))) for _ in range(8_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    joints = dice.choices([" ", " ", "_", "(", ", ", "\n    ", ".", " = "], k=size // 6)
    chosen = dice.choices(words, weights, k=size // 6)
    return "".join(map(str.__add__, chosen, joints)).encode()[:size]


def _slice(dice: random.Random, pool: bytes, size: int) -> bytes:
    start = dice.randrange(len(pool) - min(size, len(pool) // 2))
    return b"# %d\n" % dice.getrandbits(60) + pool[start : start + size]


def _binary(dice: random.Random, pool: bytes, size: int) -> bytes:
    """Half code (few different bytes), half text and tables."""
    code = dice.randbytes(size // 2).translate(_SKEWED)
    return code + _slice(dice, pool, size - size // 2)


def _weights(path: Path, dice: random.Random, size: int, kinds: bytes) -> None:
    """Numbers of len(kinds) bytes, of which a 1 in `kinds` marks sign and exponent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for _ in range(0, size, MIB):
            block = bytearray(dice.randbytes(MIB))
            for at, kind in enumerate(kinds):
                if kind:
                    exponents = dice.randbytes(MIB // len(kinds)).translate(_EXPONENTS)
                    block[at :: len(kinds)] = exponents
            file.write(block)


def _lines(path: Path, dice: random.Random, pool: bytes, size: int) -> None:
    with path.open("wb") as file:
        while file.tell() < size:
            text = _slice(dice, pool, dice.randint(200, 4_000)).replace(b"\n", b" ")
            file.write(b'{"id": %d, "text": "%s"}\n' % (dice.getrandbits(62), text))


def _table(shares: list[float], values: list[int]) -> bytes:
    """Maps an even byte to one distributed like that."""
    table: list[int] = []
    for share, value in zip(shares, values, strict=True):
        table += [value] * round(share * 256)
    return bytes((table + [values[0]] * 256)[:256])


# The exponents of a normal distribution halve in number with each step down.
_EXPONENTS = _table(
    [0.16, 0.14, 0.09, 0.05, 0.03, 0.03] * 2, [*range(61, 55, -1), *range(189, 183, -1)]
)
_SKEWED = _table(
    [0.2, 0.12, 0.1, 0.08, 0.06] + [0.04] * 6 + [0.02] * 10,
    [0, 0x48, 0x8B, 0xE8, 0xFF, *range(1, 7), *range(0x80, 0x8A)],
)
