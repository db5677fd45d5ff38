"""Hold back what an instance's machines may cost, and do what the limits ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.budgets.books import limits_of, open_books
from shared.app.budgets.notify import notify
from shared.app.budgets.obey import obeyed
from shared.app.collections import RENTALS
from shared.app.instances.save import note, save
from shared.domain.billing.budget import month_of
from shared.domain.billing.cover import scopes_of
from shared.domain.billing.notices import told
from shared.domain.billing.plan import plan
from shared.domain.billing.posting import open_months, topped_up
from shared.domain.instances.covering import standing_of
from shared.domain.replacing import replace
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.steps import Cover
    from shared.ports.store import Write


def cover(services: Services, loaded: Loaded, _step: Cover) -> bool:
    """One commit: every open rental, the month's books, and the instance with what follows.

    Reads 1 + months (one, two near the end of a month). Whether it may rest. Raises
    VersionConflict.
    """
    instance, now = loaded.instance.value, services.clock.now()
    standing = standing_of(loaded.scene())
    months = {each for s in standing for each in open_months(s.rental, now)}
    books = open_books(services, instance.owner, months | {month_of(now)})
    scopes = scopes_of(limits_of(services, instance.owner), instance.id, instance.budget)
    drain_s = services.settings.timing.drain_deadline_s
    planned = plan(books.months[month_of(now)], scopes, standing, now, drain_s)
    writes: list[Write] = []
    for each in standing:
        share = planned.shares[each.rental.id]
        entries = topped_up(each.rental, share, now)
        books, covered = books.posted(each.rental, entries, share.rate)
        writes.append(Save(RENTALS, covered.id, covered, loaded.rental(covered.id).version))
    budget, notices = told(books.months[month_of(now)], scopes, now, planned.acted)
    notify(services, instance, notices, now)
    writes += books.having(budget).writes()
    writes += [note(services, instance, n.kind, n.message) for n in notices]
    after, orders = obeyed(services, loaded, planned)
    following = replace(after, budget_at=planned.again_at)
    return save(services, orders.loaded, following, [*writes, *orders.writes])
