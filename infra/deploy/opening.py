"""What a deployment lacks after its resources are made: a key, the agent, its first user."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from infra.deploy.master_key import ensure_master_key
from infra.deploy.waiting import wait_until_healthy
from infra.packaging import agent_bundle
from shared.app.auth.setup import issue_setup_link
from shared.app.machines.bundle import publish_bundle
from shared.domain.errors import AlreadyTaken

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from shared.app.services import Services


def open_deployment(
    made: Mapping[str, Any], session: Any, services: Services, client: httpx.Client
) -> int:
    """Make what is missing and say where everything is; 1 when it does not get well.

    `made` is what Terraform put out, `session` speaks to Secret Manager, `services` are the
    deployment's own store and blobs. Nothing is made twice.
    """
    if ensure_master_key(session, made["environment"]["DUMONT_MASTER_SECRET"]):
        print("A master key was made.")
    print(f"The agent {publish_agent(services)[:12]} was published.")
    print(f"API:   {made['public_url']}")
    print(f"Pages: {made.get('site_url') or 'none were built'}")
    if made.get("address"):
        print(f"The host name's A record is to point to {made['address']}.")
    link = setup_link(services)
    print(f"Register the first user within a day: {link}" if link else "A first user is there.")
    unwell = wait_until_healthy(made["public_url"], client)
    if unwell:
        print(f"It does not say that it is well: {unwell}", file=sys.stderr)
        return 1
    print("It is well.")
    return 0


def publish_agent(services: Services) -> str:
    """Where new machines fetch it; running ones keep theirs. The bundle's sha256."""
    made = agent_bundle.build()
    publish_bundle(services, made.app, made.sha256, made.packs)
    return made.sha256


def setup_link(services: Services) -> str | None:
    """A new one, by which the one before it is void; None once a first user has registered."""
    try:
        return issue_setup_link(services)
    except AlreadyTaken:
        return None
