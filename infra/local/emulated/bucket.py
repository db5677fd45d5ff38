"""The one bucket, which Terraform makes in the cloud."""

from __future__ import annotations


def make_bucket(project: str, name: str) -> None:
    """In fake-gcs-server, unless it is there. STORAGE_EMULATOR_HOST says where."""
    from google.api_core.exceptions import Conflict
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    client = storage.Client(project=project, credentials=AnonymousCredentials())
    try:
        client.create_bucket(name, timeout=20)
    except Conflict:
        return
    finally:
        client.close()
