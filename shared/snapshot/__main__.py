"""Snapshots by hand: `python -m shared.snapshot backup|restore|list|verify|forget --repo URL`.

URL is file:///FOLDER, gs://BUCKET/FOLDER, or https://HOST/FOLDER to read only. What is written is
sealed under a key that is itself sealed by a master key: 32 bytes in the file that --key-file
names, made by the first backup. Whoever loses it loses the snapshots.
"""

from __future__ import annotations

import argparse
import gc
import os
import secrets
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from shared.domain.errors import DumontError, SnapshotKeyMissing
from shared.snapshot import engine, forgetting
from shared.snapshot.proof import references, verify
from shared.snapshot.repository import opened
from shared.snapshot.results import BackupTarget, RestoreOptions
from shared.snapshot.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.snapshot.manifest import Skipped
    from shared.snapshot.proof import References
    from shared.snapshot.repository import Repository
    from shared.snapshot.sealed.keys import Keys

_EXIT_FAILED = 1
_KEY_BYTES = 32
_DEFAULT_KEY = Path("~/.config/dumont/snapshot.key")


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 when all is well, 1 with a message when not."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except DumontError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return _EXIT_FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.snapshot", description=__doc__)
    commands = parser.add_subparsers(required=True)

    backing_up = commands.add_parser("backup", help="store a tree")
    backing_up.add_argument("tree", type=Path)
    backing_up.add_argument("--workspace", default="local", help="which tree this is one of")
    backing_up.add_argument("--exclude", action="append", default=[], metavar="PATTERN")
    backing_up.add_argument("--format", type=int, choices=(1, 2), default=2)
    backing_up.set_defaults(run=_backup)

    restoring = commands.add_parser("restore", help="bring a snapshot back")
    restoring.add_argument("key", help="the manifest's key, as `list` tells it")
    restoring.add_argument("into", type=Path)
    restoring.add_argument("--prune", action="store_true", help="remove what it does not name")
    restoring.add_argument(
        "--include", action="append", default=[], metavar="PATH", help="only this, and all below"
    )
    restoring.set_defaults(run=_restore)

    listing = commands.add_parser("list", help="the snapshots of a repository, oldest first")
    listing.set_defaults(run=_list)

    verifying = commands.add_parser("verify", help="check that every object is there")
    verifying.add_argument("key")
    verifying.add_argument("--scrub", action="store_true", help="read every byte too")
    verifying.set_defaults(run=_verify)

    forgetting_ = commands.add_parser("forget", help="remove snapshots, later what only they need")
    forgetting_.add_argument("key", nargs="*")
    forgetting_.add_argument("--workspace", default="local")
    forgetting_.add_argument("--keep-last", type=int, metavar="N", help="all but the newest N")
    forgetting_.add_argument("--grace-hours", type=float, default=24.0)
    forgetting_.set_defaults(run=_forget)

    for command in (backing_up, restoring, listing, verifying, forgetting_):
        command.add_argument("--repo", type=_repository, required=True, metavar="URL")
        command.add_argument("--key-file", type=Path, default=_DEFAULT_KEY)
    return parser


def _repository(url: str) -> Repository:
    try:
        return opened(url)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _keys(options: argparse.Namespace, *, make: bool = False) -> Keys:
    from shared.snapshot.sealed.stored_keys import StoredKeys

    path: Path = options.key_file.expanduser()
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        sys.stderr.write(f"a new master key lies in {path}: without it no snapshot opens\n")
    try:
        master = path.read_bytes()
    except OSError as error:
        raise SnapshotKeyMissing(f"{path}: {error.strerror}") from error
    if len(master) != _KEY_BYTES:
        raise SnapshotKeyMissing(f"{path} is not a key of {_KEY_BYTES} bytes")
    return StoredKeys(master, options.repo)


def _load(options: argparse.Namespace, key: str) -> engine.AnyManifest:
    found = references(options.repo, key)
    keys = _keys(options) if found.wrapped_keys else None
    return engine.load_manifest(options.repo, key, keys=keys)


def _backup(options: argparse.Namespace) -> None:
    now = _now()
    prefix = f"snapshots/{options.workspace}/0-local/"
    keys = _keys(options, make=True) if options.format == 2 else None
    known = [each for each in _snapshots(options.repo) if each.key.startswith(prefix)]
    parent = _load(options, known[-1].key) if known else None
    begun = _unfinished(options.repo, prefix) if keys else None
    snapshot_id = begun or now.strftime("snap_%Y%m%dT%H%M%S.%fZ")
    target = BackupTarget(prefix, snapshot_id, now, tuple(options.exclude))
    teller = Teller()
    result = engine.backup(options.tree, options.repo, target, parent, teller, keys=keys)
    teller.end()
    _tell(f"{result.manifest_key}")
    _tell(f"{result.files} files, {result.size_bytes} bytes, {result.new_bytes} of them new")
    _tell_left_out(result.skipped, result.torn)


def _unfinished(repo: Repository, prefix: str) -> str | None:
    """The newest snapshot of which there are packs but neither index nor manifest."""
    packs = {
        key.rpartition("/")[2].rpartition("-")[0]
        for key in repo.keys("packs/*")
        if key.startswith(f"{prefix}packs/")
    }
    ended = {
        key.rpartition("/")[2]
        for kind in ("index", "manifests", "forgotten")
        for key in repo.keys(f"{kind}/*")
    }
    return max(packs - ended, default=None)


def _tell_left_out(skipped: tuple[Skipped, ...], torn: tuple[bytes, ...]) -> None:
    for left_out in skipped:
        _tell(f"left out ({left_out.reason}): {left_out.path!r}")
    for path in torn:
        _tell(f"changed while it was read: {path!r}")


def _restore(options: argparse.Namespace) -> None:
    manifest = _load(options, options.key)
    only = tuple(os.fsencode(path.strip("/")) for path in options.include)
    wishes = RestoreOptions(prune=options.prune, only=only)
    teller = Teller()
    result = engine.restore(manifest, options.repo, options.into, teller, wishes)
    teller.end()
    _tell(f"{result.files} files, {result.size_bytes} bytes, {result.kept} kept as they were")
    for path in result.incomplete:
        _tell(f"owner, mode or attributes could not be set: {path!r}")


def _list(options: argparse.Namespace) -> None:
    for each in _snapshots(options.repo):
        when = each.created_at.isoformat(timespec="seconds")
        _tell(f"{when}  {each.size_bytes:>15} bytes  {each.files:>9} files  {each.key}")


def _verify(options: argparse.Namespace) -> None:
    found = verify(options.key, options.repo)
    _tell(f"{len(found.objects)} objects are there")
    if options.scrub:
        read = engine.scrub(_load(options, options.key), options.repo)
        _tell(f"{read.bytes_read} bytes in {read.chunks} chunks are as they were written")


def _forget(options: argparse.Namespace) -> None:
    now = _now()
    keys: list[str] = list(options.key)
    if options.keep_last is not None:
        prefix = f"snapshots/{options.workspace}/0-local/"
        known = [each.key for each in _snapshots(options.repo) if each.key.startswith(prefix)]
        keys += known[: max(0, len(known) - options.keep_last)]
    count = forgetting.forget(options.repo, dict.fromkeys(keys), now)
    swept = forgetting.sweep(options.repo, now, timedelta(hours=options.grace_hours))
    _tell(f"{count} snapshots forgotten, {swept} objects of earlier ones removed")


def _snapshots(repo: Repository) -> list[References]:
    found = [references(repo, key) for key in repo.keys("manifests/*")]
    return sorted(found, key=lambda each: each.created_at)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time_ns() / 1e9, timezone.utc)


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    # A tree's record is a million small objects without a cycle: there is nothing to look for.
    gc.set_threshold(100_000, 20, 20)
    sys.exit(main(sys.argv[1:]))
