"""Google's own accounts, which a new project has only once somebody asks for them."""

from __future__ import annotations

from typing import Any

URL = "https://serviceusage.googleapis.com"
PUBSUB = "pubsub.googleapis.com"
_TIMEOUT_S = 60


class AgentRefusedError(Exception):
    """Without its account no message could be put aside: nothing is deployed."""


def ensure_agent(session: Any, project: str, service: str = PUBSUB, url: str = URL) -> None:
    """The service's account is there; asked for again, it is the same. `session` is authorised.

    https://cloud.google.com/service-usage/docs/reference/rest/v1beta1/services/generateServiceIdentity.
    Raises AgentRefusedError.
    """
    asked = f"{url}/v1beta1/projects/{project}/services/{service}:generateServiceIdentity"
    answer = session.post(asked, timeout=_TIMEOUT_S)
    if answer.status_code != 200:
        raise AgentRefusedError(f"Service Usage answered {answer.status_code}: {answer.text}")
