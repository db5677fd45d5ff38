"""`make deploy PROJECT=...`: from packaged functions to an address that works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from infra.deploy import orders as ordered
from infra.deploy.agents import AgentRefusedError, ensure_agent
from infra.deploy.master_key import SecretRefusedError
from infra.deploy.opening import open_deployment
from infra.deploy.terraform import Terraform, TerraformFailedError

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

    from infra.deploy.orders import Orders

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def main(arguments: list[str]) -> int:
    orders = ordered.read(arguments)
    try:
        return _plan(orders) if orders.dry_run else _deploy(orders)
    except (TerraformFailedError, AgentRefusedError, SecretRefusedError) as error:
        print(error, file=sys.stderr)
        return 1


def _plan(orders: Orders) -> int:
    terraform = Terraform(orders)
    terraform.require()
    terraform.prepare()
    terraform.plan()
    print("Nothing was changed.")
    return 0


def _deploy(orders: Orders) -> int:
    terraform = Terraform(orders)
    terraform.require()
    session = _session()
    _prepare_state(orders)
    ensure_agent(session, orders.project)
    terraform.prepare()
    terraform.apply()
    return _open_made(terraform.outputs(), session)


def _prepare_state(orders: Orders) -> None:
    from google.cloud import storage

    from infra.deploy.state_bucket import ensure_state_bucket

    ensure_state_bucket(storage.Client(project=orders.project), orders.state_bucket)


def _session() -> AuthorizedSession:
    """As whoever is logged in."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=[SCOPE])
    return AuthorizedSession(credentials)


def _open_made(made: dict[str, Any], session: AuthorizedSession) -> int:
    import httpx

    from shared.bootstrap import of_environment

    with httpx.Client(timeout=30) as client:
        return open_deployment(made, session, of_environment(made["environment"]), client)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
