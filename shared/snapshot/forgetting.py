"""Forget snapshots made by hand: mark, wait, sweep.

A manifest goes at once; what only it needed is noted, and goes with the first forgetting that
comes a grace later, unless another snapshot needs it by then. A backup that leans on a forgotten
parent and takes longer than the grace would lose it: the control plane's collection, which knows
what is being written, has no such limit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.snapshot import rows
from shared.snapshot.objects import put_once
from shared.snapshot.proof import references
from shared.snapshot.tuning import DEFAULT_TUNING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from shared.snapshot.repository import Repository

_FORGOTTEN = "forgotten"


def forget(repo: Repository, keys: Iterable[str], now: datetime) -> int:
    """Remove these manifests; how many. Raises SnapshotCorrupt for one that cannot be read."""
    count = 0
    for key in keys:
        needed = sorted(each.key for each in references(repo, key).objects)
        note = json.dumps({"at": now.isoformat(), "objects": needed}).encode()
        folder, _, name = key.rpartition("/manifests/")
        put_once(repo, f"{folder}/{_FORGOTTEN}/{name}", note, DEFAULT_TUNING.patience)
        repo.delete(key)
        count += 1
    return count


def sweep(repo: Repository, now: datetime, grace: timedelta) -> int:
    """Remove what was noted before the grace and is needed by nothing; how many objects.

    Raises SnapshotCorrupt, and removes nothing, when any manifest cannot be read.
    """
    needed = {
        each.key for key in repo.keys("manifests/*") for each in references(repo, key).objects
    }
    gone: set[str] = set()
    for key in list(repo.keys(f"{_FORGOTTEN}/*")):
        note = rows.mapping(json.loads(repo.get(key)))
        if rows.moment(note["at"]) > now - grace:
            continue
        for each in rows.sequence(note["objects"]):
            name = rows.text(each)
            if name not in needed and name not in gone:
                repo.delete(name)
                gone.add(name)
        repo.delete(key)
    return len(gone)
