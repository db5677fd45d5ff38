"""What the fault simulation itself promises: one seed is one story, and its faults can be left
out one by one.
"""

from __future__ import annotations

import pytest
from greenlet import getcurrent

from tests.simulation import menu
from tests.simulation.agenda import Agenda, Crash
from tests.simulation.coverage import Coverage
from tests.simulation.faults import SeededFaults
from tests.simulation.life import live
from tests.simulation.outcome import Outcome
from tests.simulation.report import SIMULATED_AT_LEAST_S, STEPS_AT_LEAST, Report
from tests.simulation.shrink import shrunk
from tests.simulation.world import SimWorld

SEED = 7


def test_a_task_that_waits_lets_others_go_first():
    agenda, told = Agenda(), []

    def slow():
        told.append("begun")
        agenda.clock.sleep(10.0)
        told.append("ended")

    agenda.later(1.0, slow)
    agenda.later(5.0, lambda: told.append("between"))
    agenda.run_until(20.0)

    assert told == ["begun", "between", "ended"]


def test_who_is_ended_while_it_waits_tidies_up_and_time_goes_on():
    agenda, told, tasks = Agenda(), [], []

    def waits():
        tasks.append(getcurrent())
        try:
            agenda.clock.sleep(10.0)
        except Crash:
            told.append("died")
            raise

    def ends_it():
        agenda.end(tasks[0])
        agenda.later(1.0, lambda: told.append("later"))
        agenda.clock.sleep(2.0)
        told.append("at last")

    agenda.later(1.0, waits)
    agenda.later(2.0, ends_it)
    agenda.run_until(20.0)

    assert told == ["died", "later", "at last"]


def test_who_ends_a_task_that_survives_its_end_goes_on():
    """As a call does whose process dies: its caller is told, and nothing else is lost."""
    agenda, told, tasks = Agenda(), [], []

    def call():
        tasks.append(getcurrent())
        try:
            agenda.wait(100.0)
        except Crash:
            told.append("the caller knows")

    def end():
        agenda.end(tasks[0])
        told.append("and so does who ended it")

    agenda.later(0.0, call)
    agenda.later(1.0, end)
    agenda.run_until(10.0)

    assert told == ["the caller knows", "and so does who ended it"]


def test_a_seed_tells_the_same_story_twice():
    first, second = [], []

    live(SEED, machines=1, trace=first.append)
    live(SEED, machines=1, trace=second.append)

    assert len(first) > 20
    assert first == second


def test_a_fault_that_is_masked_does_not_happen_and_moves_no_other_draw():
    def strikes(masked):
        faults = SeededFaults(SEED, masked)
        faults.rates = {(menu.LOST, "instance-changed"): 0.3}
        return [faults.strikes(menu.LOST, "instance-changed") for _ in range(30)]

    whole = strikes(())
    without_the_second = strikes([(menu.LOST, "instance-changed", 2)])

    second = [at for at, struck in enumerate(whole) if struck][1]
    assert [at for at in range(30) if whole[at] != without_the_second[at]] == [second]


def test_the_shortest_story_keeps_only_the_faults_that_are_needed():
    needed = {("a", "x", 2), ("b", "y", 1)}
    every = [("a", "x", 1), ("a", "x", 2), ("b", "y", 1), ("c", "z", 1), ("c", "z", 2)]

    def run(seed, _machines, *, masked):
        left = [each for each in every if each not in masked]
        return Outcome(seed, {"leaked": int(needed <= set(left))}, strikes=left)

    _, shown = shrunk(1, 3, run(1, 3, masked=()), run=run)

    assert set(shown.strikes) == needed


def test_only_a_control_plane_that_may_be_away_for_an_hour_needs_a_longer_storm():
    short = menu.storm_s([(menu.LOST, "tick"), (menu.WIPED_STORE, "everything")])
    long = menu.storm_s([(menu.LOST, "tick"), (menu.CONTROL_PLANE_AWAY, "everything")])

    assert short < long <= SIMULATED_AT_LEAST_S


def test_nothing_is_expected_of_a_control_plane_for_as_long_as_it_is_away():
    world = SimWorld(SEED)
    world.agenda.run_until(100.0)
    world.go_away(3600.0)
    told = []
    for moment_s in (1000.0, 3700.0, 3750.0):
        world.agenda.run_until(moment_s)
        told.append(world.there_for_s)
    world.close()

    assert told == [0.0, 0.0, 50.0]


def test_every_cell_that_nothing_struck_is_told_and_few_cannot_be():
    coverage = Coverage()
    everything = [(fault, call, 1) for fault, call in menu.cells()]

    coverage.add(everything[1:])

    assert coverage.empty() == [everything[0][:2]]
    assert len(menu.CANNOT_EXIST) < 0.1 * len(everything)


@pytest.mark.parametrize(("steps", "simulated_s"), [(399, 9000.0), (900, 7199.0)])
def test_a_seed_that_was_hardly_any_work_makes_the_whole_run_bad(steps, simulated_s):
    report = Report()
    report.add(Outcome(1, {"leaked": 0}, steps=400, simulated_s=7200.0))
    report.add(Outcome(2, {"leaked": 0}, steps=steps, simulated_s=simulated_s))

    assert report.bad()
    assert report.figures(1.0)["least_steps"] == min(400, steps)


def test_one_count_that_is_not_zero_makes_the_whole_run_bad():
    report = Report()
    report.add(Outcome(1, {"leaked": 0}, steps=400, simulated_s=7200.0, converged_s=[3.0]))
    assert not report.bad()

    report.add(Outcome(2, {"leaked": 1}, steps=400, simulated_s=7200.0))

    assert report.bad()
    assert report.figures(1.0)["leaked"] == 1


def test_owners_and_strangers_do_everything_at_any_moment():
    """Within a few seeds: orders at once, other rules, snapshots by name, and late strangers."""
    seen, wanted = set(), {"configure", "restore", "reboot", "destroy", "a stranger came"}
    for seed in range(14, 24):
        told = []
        lived = live(seed, trace=told.append)
        assert not lived.failed
        assert lived.steps >= STEPS_AT_LEAST
        assert lived.simulated_s >= SIMULATED_AT_LEAST_S
        seen |= {each for each in wanted for line in told if each in line}
        if seen == wanted:
            break

    assert seen == wanted
