"""Register, search, rent by a race, work on the machine."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from frontend.client.errors import PaymentRequired
from frontend.client.orders import Hibernation, OfferQuery, Order, Race
from infra.local.demo import choosing
from infra.local.demo.journal import DemoFailed

if TYPE_CHECKING:
    from frontend.client.models.instances import Accepted
    from infra.local.demo.choosing import Kind
    from infra.local.demo.stage import Facts, Stage

WITNESS = "vast"  # the provider whose own truth the demo is held against
RACE_WIDTH = 5
IMAGE = "vllm/vllm-openai:latest"  # large: its pull gives a race something to decide
DISK_GB = 20
DEAREST_USD_PER_HOUR = 60.0
IDLE_MINUTES = 0.25
MOST_OFFERS = 2000
RELEASE_WITHIN_S = 90.0
BUSY_PERCENT = 50.0
BUSY_TRIES = 12  # of 5 s each: a beat without a viewer comes every 30 s


def register(stage: Stage) -> None:
    """A fresh user with a simulated marketplace account of its own."""
    email = f"demo-{secrets.token_hex(6)}@example.org"
    stage.cloud.auth.register(email, secrets.token_urlsafe(24))
    stage.journal.say(f"registered {email}")


def choose(stage: Stage) -> tuple[Kind, ...]:
    """The kinds of machine that may be rented, the best first."""
    wanted = OfferQuery(
        num_gpus=0,
        max_price=DEAREST_USD_PER_HOUR,
        min_disk_gb=DISK_GB,
        limit=200,
        provider=WITNESS,
    )
    offers = []
    for offer in stage.cloud.instances.all_offers(wanted):
        offers.append(offer)
        if len(offers) >= MOST_OFFERS:
            break
    stage.result.offers = len(offers)
    told = {each.provider: each.credit_usd for each in stage.cloud.instances.balance().items}
    credit_usd = told.get(WITNESS) or 0.0
    speed = stage.provider.speed()
    stage.result.speed = speed
    stage.journal.say(f"{len(offers)} offers, ${credit_usd:.2f} credit, billing at {speed:g} x")
    found = choosing.kinds(offers, credit_usd=credit_usd, speed=speed, race_width=RACE_WIDTH)
    if not found:
        raise DemoFailed(f"among {len(offers)} offers no kind of machine fits ${credit_usd:.2f}")
    return found


def rent(stage: Stage, kinds: tuple[Kind, ...]) -> None:
    """The first of five that is ready is kept, the others are let go."""
    began_s = stage.journal.elapsed_s
    accepted = _order(stage, kinds)
    if accepted.instance is None:
        raise DemoFailed("the answer to the order names no instance")
    stage.instance_id = accepted.instance.id
    stage.follow(accepted)
    instance = stage.until_state("running")
    race = stage.result.race
    race.width = RACE_WIDTH
    race.ready_s = round(stage.journal.elapsed_s - began_s, 2)
    race.won_by = stage.contract_id()
    stage.result.machines.append(stage.machine_id())
    stage.journal.say(f"contract {race.won_by} is ready: {instance.price_usd_per_hour} USD/h")
    stage.command("true")
    stage.result.first_command_s = round(stage.journal.elapsed_s - began_s, 2)


def losers_are_released(stage: Stage) -> None:
    """By the provider's own record, not by ours."""
    winner = stage.result.race.won_by or ""

    def look() -> int | None:
        contracts = stage.provider.of_contract(winner).contracts
        losers = [each for each in contracts if each.id != winner]
        stage.result.race.rented = len(contracts)
        return len(losers) if all(each.destroyed for each in losers) else None

    released = stage.journal.until("the release of the losers", look, RELEASE_WITHIN_S)
    stage.result.race.losers_released = released
    stage.journal.say(f"{stage.result.race.rented} were rented, {released} let go again")


def work(stage: Stage) -> Facts:
    """Files of many kinds appear, and a GPU load that the API shows; the facts of the files."""
    stage.command("python3 -", script="make_files.py")
    facts = stage.facts()
    stage.result.files = len(facts)
    stage.journal.say(f"{len(facts)} files, folders and links are there")
    stage.result.busy_gpu_percent = _busy(stage)
    return facts


def _order(stage: Stage, kinds: tuple[Kind, ...]) -> Accepted:
    for kind in kinds:
        try:
            accepted = stage.cloud.instances.create(_order_of(stage, kind))
        except PaymentRequired as error:
            stage.journal.say(f"{kind.num_gpus}x {kind.gpu_name}: {error.detail}")
            continue
        stage.kind = kind
        stage.result.gpu = f"{kind.num_gpus}x {kind.gpu_name}"
        stage.journal.say(f"ordered {stage.result.gpu}, about ${kind.usd_per_hour:.2f}/h each")
        return accepted
    raise DemoFailed("the credit covers none of the kinds of machine")


def _order_of(stage: Stage, kind: Kind) -> Order:
    return Order(
        want=OfferQuery(
            gpu_name=kind.gpu_name,
            num_gpus=kind.num_gpus,
            max_price=kind.max_price,
            provider=WITNESS,
        ),
        image=IMAGE,
        disk_gb=DISK_GB,
        label="demo",
        ssh_public_key=stage.key.public_line,
        race=Race(width=RACE_WIDTH, start="together"),
        hibernation=Hibernation(enabled=True, idle_minutes=IDLE_MINUTES, minimum_run_s=5),
    )


def _busy(stage: Stage) -> float:
    """The load in percent that GET of the instance showed while the GPU worked."""
    for _ in range(BUSY_TRIES):
        stage.command("simgpu --util 90 --seconds 5")
        usage = stage.instance().usage
        if usage is not None and (usage.gpu_util_percent or 0) >= BUSY_PERCENT:
            stage.journal.say(f"the API shows the GPU at {usage.gpu_util_percent:.0f}%")
            return float(usage.gpu_util_percent or 0)
    raise DemoFailed("the GPU worked, and the API never showed it")
