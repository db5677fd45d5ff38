"""Every path with its name, its call interval and its permission group (sections 2 to 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from infra.simulators.vast.api import account, instances, market, money, results, storage
from infra.simulators.vast.api.wire import Handler

PREFIX = re.compile(r"^/+api/(v[01])/(.*?)/*$")


@dataclass(frozen=True, slots=True)
class Route:
    """`auth`: `key`, `search` (may be anonymous), `billing`, or `none`."""

    method: str
    template: str
    name: str
    handler: Handler
    group: str
    interval_s: float = 0.0
    per_minute: int = 0
    auth: str = "key"


ROUTES = (
    Route("POST", "v0/bundles", "search", market.search_bundles, "misc", 0, 10, "search"),
    Route("GET", "v0/bundles", "search", market.search_bundles, "misc", 0, 10, "search"),
    Route("PUT", "v0/search/asks", "search", market.search_asks, "misc", 0, 10, "search"),
    Route("GET", "v0/gpu_names/unique", "gpu_names", market.gpu_names, "misc", auth="none"),
    Route("PUT", "v0/asks/{id}", "create", market.create_one, "instance_write", 4.5),
    Route("POST", "v0/asks/bulk", "create", market.create_bulk, "instance_write", 4.5),
    Route("PUT", "v0/launch_instance", "create", market.launch, "instance_write", 4.5),
    Route("GET", "v1/instances", "list", instances.list_pages, "instance_read", 1),
    Route("GET", "v0/instances", "list", instances.list_all, "instance_read", 1),
    Route("GET", "v0/instances/filters", "filters", instances.filters, "instance_read"),
    Route(
        "GET",
        "v0/instances/pending-price-increases",
        "price_increases",
        instances.no_price_increases,
        "instance_read",
    ),
    Route("GET", "v0/instances/{id}", "show", instances.show, "instance_read", 2),
    Route("PUT", "v0/instances/{id}", "state", instances.put_state, "instance_write", 1),
    Route("PUT", "v0/instances", "state", instances.put_state_bulk, "instance_write", 1),
    Route("DELETE", "v0/instances/{id}", "destroy", instances.destroy, "instance_write", 3),
    Route("DELETE", "v0/instances", "destroy", instances.destroy_bulk, "instance_write", 3),
    Route("PUT", "v0/instances/reboot/{id}", "reboot", instances.reboot, "instance_write", 1),
    Route("PUT", "v0/instances/recycle/{id}", "recycle", instances.recycle, "instance_write", 1),
    Route("PUT", "v0/instances/bid_price/{id}", "bid", instances.change_bid, "instance_write", 5.5),
    Route(
        "PUT",
        "v0/instances/update_template/{id}",
        "update_template",
        instances.update_template,
        "instance_write",
    ),
    Route("PUT", "v0/instances/prepay/{id}", "prepay", instances.prepay, "billing_write"),
    Route(
        "GET", "v0/instances/balance/{id}", "deposit", instances.balance, "billing_read",
        auth="billing",
    ),
    Route("PUT", "v0/instances/request_logs/{id}", "logs", instances.request_logs, "instance_read"),
    Route("PUT", "v0/instances/command/{id}", "execute", instances.execute, "instance_write", 1.5),
    Route("GET", "v0/results/{token}", "result", results.result, "misc", auth="none"),
    Route("GET", "v0/instances/{id}/ssh", "keys", instances.instance_keys, "instance_read"),
    Route("POST", "v0/instances/{id}/ssh", "attach", instances.attach_key, "instance_write"),
    Route(
        "DELETE", "v0/instances/{id}/ssh/{key}", "detach", instances.detach_key, "instance_write"
    ),
    Route("POST", "v0/volumes/search", "volume_search", storage.search, "misc", 5.5),
    Route("PUT", "v0/volumes", "volume_create", storage.create, "instance_write", 5.5),
    Route("GET", "v0/volumes", "volume_list", storage.listing, "instance_read", 5.5),
    Route("DELETE", "v0/volumes", "volume_delete", storage.delete, "instance_write"),
    Route("POST", "v0/volumes/copy", "volume_clone", storage.clone, "instance_write"),
    Route("GET", "v0/users/current", "user", account.current_user, "user_read"),
    Route("PUT", "v0/users", "set_user", account.set_user, "user_write", 5),
    Route(
        "GET", "v0/users/me/invoices", "invoices", money.old_invoices, "billing_read", 3,
        auth="billing",
    ),
    Route("GET", "v0/charges", "charges", money.list_charges, "billing_read", 1, auth="billing"),
    Route("GET", "v1/invoices", "invoices", money.list_invoices, "billing_read", 3, auth="billing"),
    Route("GET", "v0/auth/apikeys", "api_keys", account.list_keys, "user_read"),
    Route("POST", "v0/auth/apikeys", "api_keys", account.create_key, "user_write"),
    Route("GET", "v0/auth/apikeys/{key}", "api_keys", account.show_key, "user_read"),
    Route("DELETE", "v0/auth/apikeys/{key}", "api_keys", account.delete_key, "user_write"),
    Route("PUT", "v0/commands/reset_apikey", "api_keys", account.reset_key, "user_write"),
    Route("GET", "v0/ssh", "ssh", account.list_ssh, "user_read", 1),
    Route("POST", "v0/ssh", "ssh", account.add_ssh, "user_write"),
    Route("PUT", "v0/ssh/{key}", "ssh", account.put_ssh, "user_write"),
    Route("DELETE", "v0/ssh/{key}", "ssh", account.delete_ssh, "user_write"),
    Route("GET", "v0/secrets", "secrets", account.list_secrets, "user_read"),
    Route("POST", "v0/secrets", "secrets", account.put_secret, "user_write"),
    Route("PUT", "v0/secrets", "secrets", account.put_secret, "user_write"),
    Route("DELETE", "v0/secrets", "secrets", account.delete_secret, "user_write"),
    Route("GET", "v0/template", "templates", account.list_templates, "misc", 3),
    Route("POST", "v0/template", "templates", account.create_template, "misc", 3),
    Route("PUT", "v1/template", "templates", account.update_template, "misc", 3),
    Route("DELETE", "v0/template", "templates", account.delete_template, "misc", 3),
)  # fmt: skip


@cache
def _patterns() -> tuple[tuple[Route, re.Pattern[str]], ...]:
    """Fixed paths before those with a parameter, so that `bulk` is no offer id."""
    ordered = sorted(ROUTES, key=lambda route: route.template.count("{"))
    return tuple(
        (route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.template) + "$"))
        for route in ordered
    )


@lru_cache(maxsize=4096)
def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path with or without a slash at its end, or a doubled one before it."""
    shape = PREFIX.match(path)
    if shape is None:
        return None
    wanted = f"{shape[1]}/{shape[2]}"
    for route, pattern in _patterns():
        if route.method == method and (match := pattern.match(wanted)):
            return route, match.groupdict()
    return None
