"""Each in a process of its own: what they set holds for good."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

HASHING = """
import sys
from threading import Thread
import psutil
from infra.local.memory import give_back_large_blocks
from shared.adapters.system import SystemIds
from shared.app.auth import passwords

def hashed():
    thread = Thread(target=passwords.hashed, args=(SystemIds(), "a long pass phrase"))
    thread.start()
    thread.join()

if sys.argv[1] == "given back":
    give_back_large_blocks()
hashed()
before = psutil.Process().memory_info().rss
for _ in range(3):
    hashed()
print((psutil.Process().memory_info().rss - before) >> 20)
"""
LOADING = """
import gc
from infra.local.memory import loading

before = gc.get_freeze_count()
with loading():
    assert not gc.isenabled()
    made = [[] for _ in range(1000)]
print(gc.get_freeze_count() - before >= 1000, gc.isenabled())
"""


def said(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not the C library of GNU")
def test_what_a_hash_took_is_given_back() -> None:
    kept, given_back = int(said(HASHING, "kept")), int(said(HASHING, "given back"))

    assert kept >= 15
    assert given_back <= 3


def test_what_was_loaded_is_never_looked_through() -> None:
    assert said(LOADING) == "True True"
