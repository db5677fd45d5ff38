"""Faults around what exists: listings, absence, strays, other people's machines."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

KNOWING = (
    Mutant(
        "one_absence_is_proof",
        "one listing without it, and it is forgotten (rule 7)",
        "shared.domain.rentals.decide",
        "    if len(rental.absences) < 2:\n        return False\n"
        "    apart = rental.absences[-1] - rental.absences[0]\n"
        "    return apart >= timedelta(seconds=timing.absence_gap_s)",
        "    return bool(rental.absences)",
        shown_by=("index_breaks",),
    ),
    Mutant(
        "visible_by_ignored",
        "a listing that is too young proves absence (rule 7)",
        "shared.domain.rentals.observe",
        "    too_early = (rental.visible_by and looked_at <= rental.visible_by) or (",
        "    too_early = (",
        shown_by=("listed_late",),
    ),
    Mutant(
        "incomplete_listing_believed",
        "a page that is missing is taken for absence (rule 6)",
        "shared.app.accounts.look",
        "    whole = listing.complete and _holds_the_living("
        "services, open_rentals.values(), by_rental)",
        "    whole = True",
        shown_by=("index_breaks",),
    ),
    Mutant(
        "mac_not_checked",
        "a forged or foreign label counts as ours (rule 5)",
        "shared.domain.rentals.labels",
        "    if any(hmac.compare_digest(_mac(named, each).encode(), parts[3].encode()) "
        "for each in secrets):",
        "    if secrets:",
    ),
    Mutant(
        "deployment_not_checked",
        "the machines of a copy of this deployment are taken for ours (rule 5)",
        "shared.domain.rentals.labels",
        "    if len(parts) != 4 or parts[0] != PREFIX or parts[1] != deployment_id:",
        "    if len(parts) != 4 or parts[0] != PREFIX:",
    ),
    Mutant(
        "strays_never_destroyed",
        "what no document knows bills for ever (rule 9)",
        "shared.app.accounts.look",
        "    if strays:\n",
        "    if not strays:\n",
        shown_by=("an older copy of the store",),
    ),
    Mutant(
        "second_contract_ignored",
        "a duplicate under one label stays (rule 8)",
        "shared.domain.rentals.transitions",
        "    known = tuple(dict.fromkeys((*rental.strays, contract_id)))",
        "    known = rental.strays",
        shown_by=("duplicate_contract",),
    ),
    Mutant(
        "destroy_believed",
        "a destroy that said yes is taken for the end (rule 7)",
        "shared.domain.rentals.decide",
        "    if bound and (not _ended(rental) or _still_there(rental)):",
        "    if bound and not _ended(rental):",
        shown_by=("destroy_noop",),
    ),
)
