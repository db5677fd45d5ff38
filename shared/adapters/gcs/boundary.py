"""The Credential Access Boundary of a grant: what a downscoped token may do, as Google has it.

https://cloud.google.com/iam/docs/downscoping-short-lived-credentials. The bucket needs uniform
bucket-level access. Listing is not granted: it would need a condition of its own.
"""

from __future__ import annotations

from shared.adapters import blob_keys

_READ = "inRole:roles/storage.objectViewer"
_CREATE = "inRole:roles/storage.objectCreator"  # creates; to replace would need delete as well


def access_boundary(bucket: str, prefix: str, *, write: bool) -> dict[str, object]:
    """The boundary as JSON. Raises Invalid for a prefix that does not end in a slash."""
    blob_keys.require_prefix(prefix)
    return {
        "accessBoundary": {
            "accessBoundaryRules": [
                {
                    "availableResource": available_resource(bucket),
                    "availablePermissions": permissions(write=write),
                    "availabilityCondition": {"expression": condition(bucket, prefix)},
                }
            ]
        }
    }


def available_resource(bucket: str) -> str:
    return f"//storage.googleapis.com/projects/_/buckets/{bucket}"


def permissions(*, write: bool) -> list[str]:
    return [_READ, _CREATE] if write else [_READ]


def condition(bucket: str, prefix: str) -> str:
    """A CEL expression; the prefix is quoted, so that no prefix can end the text early."""
    start = f"projects/_/buckets/{bucket}/objects/{prefix}"
    quoted = start.replace("\\", "\\\\").replace("'", "\\'")
    return f"resource.name.startsWith('{quoted}')"
