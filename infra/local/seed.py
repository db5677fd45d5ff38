"""A login for this laptop, and a demo tenant whose data come from the ordinary use cases."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from infra.local.settings import DEMO_EMAIL, kept_secret
from shared.app.auth.demo import ensure_demo_user, ensure_local_login
from shared.app.collections import INSTANCES_OF_OWNER
from shared.app.instances.create import NewInstance, create_instance
from shared.domain.errors import DumontError
from shared.domain.instances.model import WorkspaceSpec
from shared.domain.instances.policies import HibernationPolicy, RacePolicy, SnapshotPolicy
from shared.domain.market.offers import OfferFilter

if TYPE_CHECKING:
    from infra.local.settings import Local
    from shared.app.services import Services

log = logging.getLogger(__name__)
DEMO_IMAGE = "pytorch/pytorch:2.4.0-cuda12.4-cudnn9-runtime"
DEMO_WORK = """\
mkdir -p project/checkpoints && cd project
printf 'import this\\n' > train.py
printf '# Notes\\nLoss went down.\\n' > README.md
head -c 5000000 /dev/urandom > checkpoints/step-1000.pt
"""


def seed_login(services: Services, local: Local) -> None:
    ensure_local_login(services, DEMO_EMAIL, kept_secret(local.folder, "login"))


def seed_demo(services: Services) -> None:
    """Two workspaces: one that trains, one that falls asleep. Only once for a data folder."""
    try:
        user, _ = ensure_demo_user(services)
        if services.store.count(INSTANCES_OF_OWNER, {"owner": user.id}):
            return
        for new in (_busy(), _sleepy()):
            create_instance(services, user.id, new)
    except DumontError as error:
        log.warning("the demo data wait for the next start: %s", error)


def _busy() -> NewInstance:
    work = f"{DEMO_WORK}simgpu --util 85 --seconds 86400\n"
    return _demo("training", work, HibernationPolicy(idle_minutes=10), 0.4)


def _sleepy() -> NewInstance:
    policy = HibernationPolicy(idle_minutes=0.2, minimum_run_s=5)
    return _demo("notebook", DEMO_WORK, policy, 0.3)


def _demo(label: str, work: str, hibernation: HibernationPolicy, price_usd: float) -> NewInstance:
    return NewInstance(
        label=label,
        spec=WorkspaceSpec(
            image=DEMO_IMAGE, disk_gb=20, ports=(8080,), env={}, onstart=work, ssh_public_key=""
        ),
        want=OfferFilter(
            min_disk_gb=20, min_inet_down_mbps=1000, max_price=round(price_usd * 1_000_000)
        ),
        offer_id=None,
        bid=None,
        race=RacePolicy(width=1),
        hibernation=hibernation,
        snapshots=SnapshotPolicy(interval_minutes=60),
    )
