"""Faults around the one create call: labels, claims, reservations."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

CREATING = (
    Mutant(
        "label_dropped",
        "a contract that nobody can find again (rule 5)",
        "shared.app.rentals.create",
        "        label=rental.label,\n",
        '        label=f"workspace of {rental.id}",\n',
        shown_by=("provider.create",),
    ),
    Mutant(
        "version_check_dropped",
        "the last writer wins, whatever it had read",
        "shared.adapters.embedded.memory",
        "    if before is None or before.version != expected:\n",
        "    if before is None:\n",
    ),
    Mutant(
        "claim_not_saved",
        "two handlers send the same call (rule 1)",
        "shared.app.rentals.claimed",
        "    _claim(services, loaded, stored, action, op_id)\n    try:",
        "    try:",
    ),
    Mutant(
        "lost_claim_taken_for_mine",
        "a lost answer of the claim is read as a yes (rule 1)",
        "shared.app.rentals.claimed",
        "    return standing is not None and standing.op_id == op_id",
        "    return standing is not None or stored is not None",
        shown_by=("no answer, nothing done at store.commit of a rental",),
    ),
    Mutant(
        "pause_before_send_ignored",
        "a call is sent long after it was claimed (rule 7)",
        "shared.app.rentals.claimed",
        "    if services.clock.now() > at + timedelta(seconds=ISSUE_S):",
        "    if services.clock.now() > at + timedelta(days=1):",
        shown_by=(
            "store.save of a turn",
            "a long pause before",
        ),
    ),
    Mutant(
        "create_sent_again",
        "a create without an answer is sent once more (rule 3)",
        "shared.domain.rentals.decide",
        '    return Become(RentalState.UNKNOWN, "the create call left no recorded answer")',
        "    return Create()",
        shown_by=("provider.create",),
    ),
    Mutant(
        "refused_means_nothing_made",
        "a refusal that carries a contract is believed (rule 3)",
        "shared.domain.rentals.transitions",
        "        return replace(become(rental, RentalState.UNKNOWN, reason, now), blame=blame)",
        "        return replace(become(rental, RentalState.GONE, reason, now), blame=blame)",
        shown_by=("error_with_contract",),
    ),
    Mutant(
        "observation_dropped_on_conflict",
        "the id of a contract is lost to another save (rule 2)",
        "shared.app.rentals.merge",
        "        except VersionConflict:\n            continue",
        "        except VersionConflict:\n            return stored.value",
        shown_by=("somebody else saves first at store.commit of a rental",),
    ),
    Mutant(
        "cap_not_asked",
        "machines are rented beyond what a budget covers (rule 4)",
        "shared.app.budgets.reserve",
        "        error = next(_errors(budget, scopes, rental, now, drain_s), None)",
        "        error = None",
    ),
)
