"""Snapshots by hand: `python -m shared.snapshot backup|restore|list|verify --repo file:///...`."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shared.domain.errors import DumontError
from shared.snapshot.backup import BackupTarget, backup
from shared.snapshot.folder import FolderBlobs
from shared.snapshot.restore import RestoreOptions, restore
from shared.snapshot.verify import load_manifest, scrub, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.snapshot.manifest import Manifest, Skipped
    from shared.snapshot.tuning import Progress

_EXIT_FAILED = 1


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
    parser = argparse.ArgumentParser(prog="python -m shared.snapshot")
    commands = parser.add_subparsers(required=True)

    backing_up = commands.add_parser("backup", help="store a tree")
    backing_up.add_argument("tree", type=Path)
    backing_up.add_argument("--workspace", default="local", help="which tree this is one of")
    backing_up.add_argument("--exclude", action="append", default=[], metavar="PATTERN")
    backing_up.set_defaults(run=_backup)

    restoring = commands.add_parser("restore", help="bring a snapshot back")
    restoring.add_argument("key", help="the manifest's key, as `list` tells it")
    restoring.add_argument("into", type=Path)
    restoring.add_argument("--prune", action="store_true", help="remove what it does not name")
    restoring.set_defaults(run=_restore)

    listing = commands.add_parser("list", help="the snapshots of a repository, oldest first")
    listing.set_defaults(run=_list)

    verifying = commands.add_parser("verify", help="check that every pack is there")
    verifying.add_argument("key")
    verifying.add_argument("--scrub", action="store_true", help="read every byte too")
    verifying.set_defaults(run=_verify)

    for command in (backing_up, restoring, listing, verifying):
        command.add_argument("--repo", type=_folder, required=True, metavar="file:///FOLDER")
    return parser


def _folder(url: str) -> FolderBlobs:
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise argparse.ArgumentTypeError(f"{url!r} is not file:///FOLDER")
    return FolderBlobs(Path(unquote(parts.path)))


def _backup(options: argparse.Namespace) -> None:
    now = datetime.fromtimestamp(time.time_ns() / 1e9, timezone.utc)
    prefix = f"snapshots/{options.workspace}/0-local/"
    manifests = [m for m in _manifests(options.repo) if m.prefix == prefix]
    parent = manifests[-1] if manifests else None
    snapshot_id = now.strftime("snap_%Y%m%dT%H%M%S.%fZ")
    target = BackupTarget(prefix, snapshot_id, now, tuple(options.exclude))
    result = backup(options.tree, options.repo, target, parent, _silent)
    _tell(f"{result.manifest_key}")
    _tell(f"{result.files} files, {result.size_bytes} bytes, {result.new_bytes} of them new")
    _tell_left_out(result.skipped, result.torn)


def _tell_left_out(skipped: tuple[Skipped, ...], torn: tuple[bytes, ...]) -> None:
    for left_out in skipped:
        _tell(f"left out ({left_out.reason}): {left_out.path!r}")
    for path in torn:
        _tell(f"changed while it was read: {path!r}")


def _restore(options: argparse.Namespace) -> None:
    manifest = load_manifest(options.repo, options.key)
    wishes = RestoreOptions(prune=options.prune)
    result = restore(manifest, options.repo, options.into, _silent, wishes)
    _tell(f"{result.files} files, {result.size_bytes} bytes, {result.kept} kept as they were")
    for path in result.incomplete:
        _tell(f"owner, mode or attributes could not be set: {path!r}")


def _list(options: argparse.Namespace) -> None:
    for manifest in _manifests(options.repo):
        when = manifest.created_at.isoformat(timespec="seconds")
        _tell(f"{when}  {manifest.size_bytes:>15} bytes  {manifest.files:>9} files  {manifest.key}")


def _verify(options: argparse.Namespace) -> None:
    verified = verify(options.key, options.repo)
    _tell(f"{len(verified.packs)} packs are there")
    if options.scrub:
        read = scrub(verified.manifest, options.repo)
        _tell(f"{read.bytes_read} bytes in {read.chunks} chunks are as they were written")


def _manifests(repo: FolderBlobs) -> list[Manifest]:
    found = [load_manifest(repo, key) for key in repo.keys("manifests/*")]
    return sorted(found, key=lambda manifest: manifest.created_at)


def _silent(_: Progress) -> None:
    pass


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
