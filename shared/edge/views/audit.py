"""GET /api/audit: read only. No call of any API changes or removes an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.read import Wanted, audit
from shared.contract.audit import AuditQuery, AuditWire, audit_wire
from shared.contract.paging import Listing
from shared.edge.route import Route

if TYPE_CHECKING:
    from shared.contract.paging import NoBody
    from shared.edge.route import Call


def get_audit(call: Call[AuditQuery, NoBody]) -> Listing[AuditWire]:
    query = call.query
    wanted = Wanted(query.since, query.until, query.actor, query.action, query.target)
    page = audit(call.services, call.user.user_id, wanted, query.limit, query.page_token)
    return Listing[AuditWire](
        items=tuple(audit_wire(each.value) for each in page.items),
        next_page_token=page.next_cursor,
    )


AUDIT_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/audit",
        get_audit,
        "Who or what did what with your things, and why; the newest first",
        query=AuditQuery,
        answer=Listing[AuditWire],
        tag="Audit",
    ),
)
