"""What every scheduler promises: a job stands still, runs again, and tells of its last attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from google.auth.credentials import AnonymousCredentials

from shared.adapters.cloud_scheduler.scheduler import CloudScheduler
from shared.adapters.embedded.memory import MemoryStore
from shared.adapters.embedded.scheduler import StoreScheduler
from shared.domain.errors import NotFound, SchedulerUnavailable
from tests.contract.cloud_scheduler_server import PARENT, CloudSchedulerServer, a_job
from tests.fakes.clock import START


@pytest.fixture(params=["store", "google"])
def kind(request) -> str:
    return request.param


@pytest.fixture
def server():
    jobs = {name: a_job(name) for name in ("tick", "sample-market", "snapshots")}
    with CloudSchedulerServer(jobs) as made:
        yield made


@pytest.fixture
def google(server):
    made = CloudScheduler(
        PARENT, host=server.host, scheme="http", credentials=AnonymousCredentials()
    )
    yield made
    made.close()


@pytest.fixture
def scheduler(kind, request):
    if kind == "google":
        return request.getfixturevalue("google")
    made = StoreScheduler(MemoryStore(request.getfixturevalue("clock")))
    for name in ("tick", "sample_market", "snapshots"):
        made.resume(name)
    return made


def test_jobs_are_named_as_their_functions_on_every_page(scheduler):
    assert set(scheduler.jobs()) == {"tick", "sample_market", "snapshots"}
    assert not any(each.paused for each in scheduler.jobs().values())


@pytest.mark.parametrize("times", [1, 2])
def test_a_paused_job_stands_still_alone_until_it_is_resumed(scheduler, times):
    for _ in range(times):
        scheduler.pause("sample_market")
    paused = {name for name, job in scheduler.jobs().items() if job.paused}
    assert paused == {"sample_market"}
    assert scheduler.jobs()["sample_market"].next_run_at is None

    for _ in range(times):
        scheduler.resume("sample_market")
    assert not scheduler.jobs()["sample_market"].paused


def test_what_was_never_attempted_tells_of_no_attempt(scheduler):
    job = scheduler.jobs()["tick"]

    assert (job.last_attempt_at, job.last_error) == (None, None)


# --- the store keeps what its runner did


def test_an_attempt_is_remembered_with_how_it_ended_and_what_comes_next(store):
    scheduler = StoreScheduler(store)
    later = START + timedelta(seconds=60)

    scheduler.ran("tick", START, "it answered 500", later)
    failed = scheduler.jobs()["tick"]
    scheduler.ran("tick", later, "", later + timedelta(seconds=60))

    assert (failed.last_attempt_at, failed.last_error) == (START, "it answered 500")
    assert failed.next_run_at == later
    assert scheduler.jobs()["tick"].last_error == ""


def test_a_run_that_ends_after_the_pause_does_not_undo_it(store):
    scheduler = StoreScheduler(store)
    scheduler.pause("tick")

    scheduler.ran("tick", START, "", START + timedelta(seconds=60))

    assert scheduler.is_paused("tick")
    assert scheduler.jobs()["tick"].next_run_at is None


def test_a_store_that_is_away_is_said_so(clock):
    store = MemoryStore(clock)
    store.close()

    with pytest.raises(SchedulerUnavailable):
        StoreScheduler(store).jobs()
    with pytest.raises(SchedulerUnavailable):
        StoreScheduler(store).pause("tick")


# --- what only Cloud Scheduler's adapter can show


def test_the_last_attempt_is_the_platforms_own_word(google, server):
    server.jobs["tick"] |= {
        "lastAttemptTime": "2026-01-02T03:04:00.000401Z",
        "status": {"code": 13, "message": "URL_ERROR"},
    }
    server.jobs["snapshots"] |= {"lastAttemptTime": "2026-01-02T03:04:00Z", "status": {}}

    jobs = google.jobs()

    assert jobs["tick"].last_error == "URL_ERROR (code 13)"
    assert jobs["tick"].last_attempt_at == datetime(2026, 1, 2, 3, 4, 0, 401, tzinfo=UTC)
    assert type(jobs["tick"].last_attempt_at) is datetime
    assert jobs["snapshots"].last_error == ""
    assert jobs["snapshots"].next_run_at == datetime(2026, 1, 2, 3, 5, 0, 123456, tzinfo=UTC)


def test_a_job_that_the_platform_disabled_counts_as_paused(google, server):
    server.jobs["tick"]["state"] = "DISABLED"

    assert google.jobs()["tick"].paused


def test_an_unknown_job_is_not_found(google):
    with pytest.raises(NotFound):
        google.pause("nothing")


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_is_one_call_and_no_answer(google, server, status):
    server.status = status

    with pytest.raises(SchedulerUnavailable):
        google.pause("tick")

    assert server.calls == [f"POST {PARENT}/jobs/tick:pause"]


def test_nobody_there_is_no_answer_too(server):
    lost = CloudScheduler(
        PARENT, host="127.0.0.1:1", scheme="http", credentials=AnonymousCredentials()
    )

    with pytest.raises(SchedulerUnavailable):
        lost.jobs()
    lost.close()
