"""The reader over REST says of a document what the store says that wrote it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from shared.adapters.firestore.reader import RestReader, _canonical
from shared.adapters.firestore.store import FirestoreStore
from shared.domain.errors import StoreError, UnknownSchema
from shared.ports.counting import counted
from shared.ports.store import Increment
from tests.contract.store_samples import LATER_THINGS, LOCKS, TALLIES, THINGS, Lock, Thing
from tests.contract.test_store_documents import FULL
from tests.fakes.clock import FakeClock

ODD_KEY = "a thing+%?#ü"
THING_VALUES = (FULL, Thing("a"), replace(FULL, pairs=(), parts={}, ratio=-0.0, rank=2**53 + 1))


@pytest.fixture
def written(firestore_host, project_id, clock, monkeypatch):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    store = FirestoreStore(clock, project=project_id)
    yield store
    store.close()


@pytest.fixture
def reader(written, project_id, clock):
    made = RestReader(clock, project=project_id)
    yield made
    made.close()


@pytest.mark.emulator
@pytest.mark.parametrize("value", THING_VALUES, ids=["full", "bare", "edges"])
def test_a_document_is_the_same_with_its_version(written, reader, value):
    version = written.add(THINGS, ODD_KEY, value)

    read = reader.get(THINGS, ODD_KEY)

    assert read == written.get(THINGS, ODD_KEY)
    assert (read.value, read.version) == (value, version)


@pytest.mark.emulator
def test_counters_alone_and_newer_schemas_are_read_alike(written, reader):
    written.commit([Increment(TALLIES, "t", {"seen": 3})])
    written.add(LATER_THINGS, "n", FULL)

    assert reader.get(TALLIES, "t") == written.get(TALLIES, "t")
    with pytest.raises(UnknownSchema):
        reader.get(THINGS, "n")


@pytest.mark.emulator
def test_what_is_missing_impossible_or_expired_is_none(written, reader, clock):
    written.add(LOCKS, "l", Lock("me", clock.now() + timedelta(seconds=5)))
    clock.advance(6)

    assert [reader.get(LOCKS, key) for key in ("l", "nothing", "a/b", "..")] == [None] * 4


@pytest.mark.emulator
def test_each_reading_counts_as_one(reader):
    with counted() as costs:
        reader.get(THINGS, "x")
        reader.get(THINGS, "a/b")

    assert costs.reads == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (403, b"{}"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"updateTime": "2026-01-02T03:04:05Z", "fields": {"a": {"newValue": 1}}}'),
        (200, b'{"fields": {}}'),
        (200, b'{"updateTime": "2026-01-02T03:04:05Z", "fields": {"a": {}}}'),
    ],
)
def test_an_answer_that_is_none_of_firestores_is_an_error_of_the_store(monkeypatch, status, body):
    with answering(status, body) as host:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        reader = RestReader(FakeClock(), project="p")

        with pytest.raises(StoreError):
            reader.get(THINGS, "x")
        reader.close()


def test_a_store_that_is_away_is_an_error_of_the_store(monkeypatch):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")

    with pytest.raises(StoreError):
        RestReader(FakeClock(), project="p").get(THINGS, "x")


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.12Z"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456789Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.000000Z"),
    ],
)
def test_a_version_is_written_as_googles_client_writes_it(sent, written):
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

    assert _canonical(sent) == written
    assert DatetimeWithNanoseconds.from_rfc3339(sent).rfc3339() == written


@contextmanager
def answering(status, body):
    """The address of a server that gives everybody this answer."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
