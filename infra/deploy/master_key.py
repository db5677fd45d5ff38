"""The master key's first version. It goes from this process to Secret Manager and nowhere else."""

from __future__ import annotations

import base64
import secrets
from typing import Any

URL = "https://secretmanager.googleapis.com"
KEY_BYTES = 32
_TIMEOUT_S = 30


class SecretRefusedError(Exception):
    """Secret Manager did not take, or not tell, what was asked."""


def ensure_master_key(session: Any, secret: str, url: str = URL) -> bool:
    """Whether a key was made: only where there was never a version. `session` is authorised;
    `secret` is projects/<project>/secrets/<secret>.

    A secret whose versions are all disabled is left alone: a new key would open nothing that is
    stored. Raises SecretRefusedError.
    """
    versions = f"{url}/v1/{secret}/versions"
    if _answered(session.get(versions, params={"pageSize": "1"}, timeout=_TIMEOUT_S)).get(
        "versions"
    ):
        return False
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    body = {"payload": {"data": key}}
    _answered(session.post(f"{url}/v1/{secret}:addVersion", json=body, timeout=_TIMEOUT_S))
    return True


def _answered(answer: Any) -> dict[str, Any]:
    if answer.status_code != 200:
        raise SecretRefusedError(f"Secret Manager answered {answer.status_code}: {answer.text}")
    content: dict[str, Any] = answer.json()
    return content
