"""User, keys, secrets, templates (section 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model import accounts, billing
from infra.simulators.vast.model.refusal import Refused, invalid
from infra.simulators.vast.model.search import filtered
from infra.simulators.wire import Answer

if TYPE_CHECKING:
    from infra.simulators.vast.api.wire import Call
    from infra.simulators.vast.model.state import Account, ApiKey, Row


def current_user(call: Call) -> Row:
    """Spendable money is `credit` [I]."""
    account = call.account
    return {
        "id": account.id,
        "key_id": call.key.id if call.key else None,
        "email": account.email,
        "username": account.email.partition("@")[0],
        "fullname": "",
        "credit": billing.credit(call.world, account, call.now),
        "balance": 0.0,
        "balance_threshold": 0.0,
        "balance_threshold_enabled": False,
        "ssh_key": next(iter(account.ssh_keys.values()), ""),
        "host_agreement_accepted": False,
        "can_pay": True,
        "sid": "",
        **account.settings,
    }


def set_user(call: Call) -> Row:
    known = {"ssh_key", "balance_threshold", "balance_threshold_enabled", "autobill_threshold"}
    call.account.settings.update({k: v for k, v in call.body.items() if k in known})
    call.world.changes += 1
    return current_user(call)


def list_keys(call: Call) -> Row:
    return {"success": True, "apikeys": [_key_row(each) for each in _own_keys(call)]}


def _own_keys(call: Call) -> list[ApiKey]:
    return [k for k in call.world.keys.values() if k.account_id == call.account.id]


def _key_row(key: ApiKey) -> Row:
    return {"id": key.id, "name": key.name, "permissions": key.permissions}


def create_key(call: Call) -> Row:
    permissions = accounts.read_permissions(call.body.get("permissions"))
    if permissions is not None and (unknown := set(permissions) - accounts.GROUPS):
        raise invalid(f"unknown permission {min(unknown)}")
    name = str(call.body.get("name") or "")
    made = accounts.new_key(call.world, call.account, name, permissions)
    return {"success": True, "key": made.key, **_key_row(made)}


def show_key(call: Call) -> Row:
    return _key_row(_key(call))


def delete_key(call: Call) -> Row:
    del call.world.keys[_key(call).key]
    call.world.changes += 1
    return {"success": True}


def _key(call: Call) -> ApiKey:
    wanted = call.number_param("key")
    for key in _own_keys(call):
        if key.id == wanted:
            return key
    raise Refused(404, "invalid_id", "no such api key")


def reset_key(call: Call) -> Row:
    """A new main key; the one that asked is void."""
    account = call.account
    if call.key is not None:
        del call.world.keys[call.key.key]
    return {"success": True, "api_key": accounts.new_key(call.world, account, "main", None).key}


def list_ssh(call: Call) -> Answer:
    rows = [_ssh_row(call.account, key_id) for key_id in call.account.ssh_keys]
    return Answer.of(rows)


def _ssh_row(account: Account, key_id: int) -> Row:
    key = account.ssh_keys[key_id]
    return {
        "id": key_id,
        "user_id": account.id,
        "key": key,
        "public_key": key,
        "created_at": account.created_at,
        "deleted_at": None,
    }


def add_ssh(call: Call) -> Row:
    key_id = call.world.draw_id()
    call.account.ssh_keys[key_id] = _public_key(call)
    call.world.changes += 1
    return {"success": True, "key": _ssh_row(call.account, key_id)}


def _public_key(call: Call) -> str:
    key = call.body.get("ssh_key")
    if not isinstance(key, str) or not key.strip():
        raise invalid("ssh_key is required")
    return key.strip()


def put_ssh(call: Call) -> Row:
    _own_ssh(call)
    call.account.ssh_keys[call.number_param("key")] = _public_key(call)
    call.world.changes += 1
    return {"success": True}


def delete_ssh(call: Call) -> Row:
    del call.account.ssh_keys[_own_ssh(call)]
    call.world.changes += 1
    return {"success": True}


def _own_ssh(call: Call) -> int:
    key_id = call.number_param("key")
    if key_id not in call.account.ssh_keys:
        raise Refused(404, "no_such_ssh_key", f"no ssh key {key_id}")
    return key_id


def list_secrets(call: Call) -> Row:
    return {"success": True, "secrets": dict(call.account.secrets)}


def put_secret(call: Call) -> Row:
    call.account.secrets[str(call.body.get("key"))] = str(call.body.get("value"))
    call.world.changes += 1
    return {"success": True, "msg": "saved"}


def delete_secret(call: Call) -> Row:
    if call.account.secrets.pop(str(call.body.get("key")), None) is None:
        raise Refused(404, "not_found", "no such variable")
    call.world.changes += 1
    return {"success": True, "msg": "deleted"}


def list_templates(call: Call) -> Row:
    filters = call.query.get("select_filters") or {}
    if not isinstance(filters, Mapping):
        raise invalid("select_filters must be an object")
    return {"success": True, "templates": filtered(call.account.templates.values(), filters)}


def create_template(call: Call) -> Row:
    return {"success": True, "template": _save_template(call, call.world.draw_id())}


def update_template(call: Call) -> Row:
    """A new hash each time (section 8)."""
    wanted = call.body.get("hash_id")
    for template_id, template in call.account.templates.items():
        if wanted == template["hash_id"]:
            return {"success": True, "template": _save_template(call, template_id)}
    raise Refused(404, "not_found", "no such template")


def _save_template(call: Call, template_id: int) -> Row:
    seed = f"{template_id}:{call.world.draw_token()}"
    row = dict(call.body)
    row.update(id=template_id, hash_id=hashlib.sha256(seed.encode()).hexdigest()[:32])
    row.setdefault("name", "")
    call.account.templates[template_id] = row
    call.world.changes += 1
    return row


def delete_template(call: Call) -> Row:
    wanted = call.body
    for template_id, row in call.account.templates.items():
        if wanted.get("template_id") == template_id or wanted.get("hash_id") == row["hash_id"]:
            del call.account.templates[template_id]
            call.world.changes += 1
            return {"success": True}
    raise Refused(404, "not_found", "no such template")
