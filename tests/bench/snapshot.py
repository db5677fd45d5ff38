"""The snapshot engine beside restic, in turns on the same workspace.

`python -m tests.bench.snapshot` needs restic and, for the TLS figure, nginx (`apt-get install
restic nginx-light`), and names what is missing. Both run as programs, on a repository in memory
where there is one, and restore to disk. The last line is JSON: medians over the rounds of
restic's figure divided by ours (above 1: ours is better), but for bytes and times that are to be
small, where it is ours divided by restic's. `--quick` takes a tenth of the workspace.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench import tls_server
from tests.bench.snapshot_tools import Ours, Restic, Run, emptied, size_of
from tests.bench.workspaces import MIB, made, rewrite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.snapshot_tools import Tool
    from tests.bench.workspaces import Workspace

WANTED = {
    "full_wall": ">= 2",
    "full_cpu": ">= 2",
    "stored_bytes": "<= 0.95",
    "no_change_wall": ">= 3",
    "five_percent_wall": ">= 2",
    "bytes_per_byte_changed": "<= 1.1",
    "restore_wall": ">= 1.25",
    "hot_set_wall": ">= 1.5",
    "one_file_time": "<= 0.5",
    "tls_to_local_time": "<= 1.15",
    "largest_process_mib": "<= 512",
}
_MEMORY = Path("/dev/shm")
_QUICK_SCALE = 0.1
_ROOM = 3


class Bench:
    def __init__(self, home: Path, store: Path, scale: float) -> None:
        self._home = home
        self._store = store
        # in another process: what forks from a big one counts as big until it has begun
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            self._workspace = apart.submit(made, home / "workspace", scale).result()
        self.figures: defaultdict[str, list[float]] = defaultdict(list)
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)

    @property
    def workspace(self) -> Workspace:
        return self._workspace

    def round(self, number: int) -> None:
        ours = Ours(emptied(self._store / "ours"), self._home / "master.key")
        restic = Restic(
            emptied(self._store / "restic"), emptied(self._home / "cache"), self._workspace.root
        )
        # who goes first has the colder caches: they take turns
        pair: list[Tool] = [ours, restic] if number % 2 else [restic, ours]
        for tool in pair:
            tool.init()
        self._backups(pair, number)
        self._restores(pair)
        self._over_tls(ours)
        for tool in pair:
            emptied(tool.repo)

    def _backups(self, pair: Sequence[Tool], number: int) -> None:
        full = {tool.name: tool.backup(self._workspace) for tool in pair}
        self._compare("full_wall", full)
        self._add("full_cpu", full["restic"].cpu_s / full["ours"].cpu_s)
        self._add("largest_process_mib", full["ours"].largest_mib)
        stored = {tool.name: size_of(tool.repo) for tool in pair}
        self._add("stored_bytes", stored["ours"] / stored["restic"])
        self._compare("no_change_wall", {t.name: t.backup(self._workspace) for t in pair})
        before = {tool.name: size_of(tool.repo) for tool in pair}
        changed = rewrite(self._workspace, 0.05, number)
        self._compare("five_percent_wall", {t.name: t.backup(self._workspace) for t in pair})
        for tool in pair:
            grown = size_of(tool.repo) - before[tool.name]
            name = "bytes_per_byte_changed" if tool.name == "ours" else "restics_bytes_per_byte"
            self._add(name, grown / changed)

    def _restores(self, pair: Sequence[Tool]) -> None:
        whole: dict[str, Run] = {}
        hot: dict[str, Run] = {}
        one: dict[str, Run] = {}
        into = self._home / "restored"
        for tool in pair:
            whole[tool.name] = tool.restore(emptied(into))
            emptied(into)
        for tool in pair:
            hot[tool.name] = tool.restore_only(emptied(into), self._workspace.hot)
            emptied(into)
        for tool in pair:
            one[tool.name] = tool.restore_only(emptied(into), [self._workspace.small_file])
            emptied(into)
        self._compare("restore_wall", whole)
        self._add("restore_cpu", whole["restic"].cpu_s / whole["ours"].cpu_s)
        self._add("largest_process_mib", whole["ours"].largest_mib)
        self._add("hot_set_alone_wall", hot["restic"].wall_s / hot["ours"].wall_s)
        usable_s = whole["ours"].usable_s
        if usable_s is not None:
            self.seconds["hot_set_ours"].append(usable_s)
            self._add("hot_set_wall", hot["restic"].wall_s / usable_s)
        self.seconds["hot_set_restic"].append(hot["restic"].wall_s)
        self._add("one_file_time", one["ours"].wall_s / one["restic"].wall_s)

    def _over_tls(self, ours: Ours) -> None:
        if not tls_server.is_there():
            return
        into = self._home / "restored"
        with tls_server.serving(ours.repo, emptied(self._home / "nginx")) as (url, certificate):
            remote = ours.over(url, certificate).restore(emptied(into))
        emptied(into)
        local = ours.restore(emptied(into))
        emptied(into)
        self._add("tls_to_local_time", remote.wall_s / local.wall_s)

    def _compare(self, name: str, runs: dict[str, Run]) -> None:
        self._add(name, runs["restic"].wall_s / runs["ours"].wall_s)
        for who, run in runs.items():
            self.seconds[f"{name}_{who}"].append(run.wall_s)

    def _add(self, name: str, figure: float) -> None:
        self.figures[name].append(figure)
        sys.stderr.write(f"  {name} {figure:.2f}\n")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--scale", type=float, default=0.0)
    options = parser.parse_args(arguments)
    missing = [name for name in ("restic",) if shutil.which(name) is None]
    if missing:
        sys.stderr.write(f"missing: {', '.join(missing)} (apt-get install restic)\n")
        print(json.dumps({"missing": missing}))
        return 1
    if not tls_server.is_there():
        sys.stderr.write("nginx is missing (apt-get install nginx-light): no TLS figure\n")
    scale = options.scale or (_QUICK_SCALE if options.quick else 1.0)
    rounds = options.rounds or (3 if options.quick else 5)
    with tempfile.TemporaryDirectory(prefix="dumont-bench-") as home, _store() as store:
        bench = Bench(Path(home), Path(store), scale)
        workspace = bench.workspace
        print(f"{workspace.files} files, {workspace.size_bytes / MIB:.0f} MiB, restic ", end="")
        print(f"{Restic.version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        for number in range(rounds):
            sys.stderr.write(f"round {number + 1} of {rounds}\n")
            bench.round(number)
        _report(bench, rounds)
    return 0


def _store() -> tempfile.TemporaryDirectory[str]:
    enough = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM << 31
    return tempfile.TemporaryDirectory(prefix="dumont-bench-", dir=_MEMORY if enough else None)


def _report(bench: Bench, rounds: int) -> None:
    middle = {name: round(median(figures), 3) for name, figures in bench.figures.items()}
    for name, figures in sorted(bench.figures.items()):
        spread = f"[{min(figures):.2f}-{max(figures):.2f}]"
        print(f"{name:<26}{middle[name]:>9.2f} {spread:<18} {WANTED.get(name, '')}")
    for name, seconds in sorted(bench.seconds.items()):
        print(f"{name:<26}{median(seconds):>9.2f} s")
    told = {"rounds": rounds, "load": round(os.getloadavg()[0], 1), **middle}
    print(json.dumps(told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
