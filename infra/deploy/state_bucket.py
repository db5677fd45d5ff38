"""Where Terraform keeps what it knows: made before Terraform can make anything."""

from __future__ import annotations

from typing import Any


def ensure_state_bucket(client: Any, name: str) -> None:
    """A private bucket that keeps older states. `client` is Cloud Storage's.

    One that is there already is left as it is. Raises Google's own errors: whoever deploys is to
    read them.
    """
    from google.api_core.exceptions import Conflict

    bucket = client.bucket(name)
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    bucket.versioning_enabled = True
    if client.lookup_bucket(name) is not None:
        return
    try:
        client.create_bucket(bucket)
    except Conflict:
        # Of two that deploy at once, one makes it; else it is somebody else's, and the next call
        # says that it may not be read.
        client.get_bucket(name)
