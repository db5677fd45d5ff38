"""What we show to others works: the examples, as programs of their own, on the genuine emulator."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from infra.packaging.manifest import ROOT
from shared.adapters.pubsub.bus import PubsubBus
from shared.app.collections import REQUESTS
from shared.domain.events import InstanceChanged
from shared.edge.tracing import given_trace_id
from tests.contract.mail import pubsub_mail
from tests.contract.pushing import pushing
from tests.fakes.clock import SeededIds

pytestmark = pytest.mark.emulator

EXAMPLES = ROOT / "examples" / "events"


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(EXAMPLES / name), *arguments]


def started(host: str, name: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PUBSUB_EMULATOR_HOST": host}
    return subprocess.Popen(
        command(name, *arguments),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def on_the_emulators(monkeypatch, firestore_host, pubsub_host):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_host)
    return pubsub_host


def test_the_subscriber_prints_changes_and_steps_over_what_is_none(
    on_the_emulators, project_id, clock
):
    from google.cloud import pubsub_v1

    with pubsub_mail(project_id, clock):
        watcher = started(
            on_the_emulators, "watch_instances.py", "--project", project_id, "--most", "2"
        )
        assert watcher.stderr.readline().startswith("listening on ")
        stranger = pubsub_v1.PublisherClient()
        topic = stranger.topic_path(project_id, "instance-changed")
        stranger.publish(topic, b"not json").result(10)
        bus = PubsubBus(clock, SeededIds(1), project=project_id)
        bus.publish([InstanceChanged("inst_1", "created"), InstanceChanged("inst_2", "due")])
        out, errors = watcher.communicate(timeout=60)
        bus.close()
        stranger.stop()
        stranger.transport.close()

    assert watcher.returncode == 0, errors
    moment = clock.now().isoformat().replace("+00:00", "Z")
    assert sorted(out.splitlines()) == [
        f"{moment} inst_1: created",
        f"{moment} inst_2: due",
    ]


def test_the_publisher_gets_its_request_taken_under_its_own_trace(
    on_the_emulators, project_id, capfd
):
    with pushing(project_id) as pushed:
        publisher = started(
            on_the_emulators,
            "request_snapshot.py",
            "--project",
            project_id,
            "--request-id",
            "nightly_1",
            "inst_1",
        )
        out, errors = publisher.communicate(timeout=60)
        assert publisher.returncode == 0, errors
        deadline = time.monotonic() + 20
        while not pushed.deliveries:
            assert time.monotonic() < deadline, "nothing was pushed"
            time.sleep(0.02)
        taken = pushed.services.store.get(REQUESTS, "snapshot-requested:nightly_1")

    assert pushed.deliveries == [200]
    assert taken is not None
    trace_id = given_trace_id({"traceparent": out.split()[-1]})
    (line,) = [each for each in capfd.readouterr().out.splitlines() if "nightly_1" in each]
    assert f'"trace_id": "{trace_id}"' in line
