"""The delivery that only the embedded bus does itself; on Google, Pub/Sub's push does it."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta

import pytest

from shared.adapters import codec
from shared.adapters.embedded.bus import LAST_ATTEMPT, LEASE_S, Delivered, EmbeddedBus, backoff_s
from shared.domain.events import InstanceChanged
from tests.fakes.clock import SeededIds

EVENT = InstanceChanged("inst_1", "reason")


@pytest.fixture
def bus(tmp_path, clock):
    made = EmbeddedBus(tmp_path / "bus.db", clock, SeededIds())
    yield made
    made.close()


class Subscriber:
    """Answers as it is told, and remembers the attempts."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.attempts: list[int] = []

    def __call__(self, leased: Delivered) -> bool:
        self.attempts.append(leased.attempt)
        return bool(self._answers) and self._answers.pop(0) == "yes"


def test_a_message_that_was_taken_is_not_delivered_again(bus, clock):
    bus.publish([EVENT])
    subscriber = Subscriber("yes")

    assert bus.pump(subscriber, clock.now()) == 1
    clock.advance(1000)
    assert bus.pump(subscriber, clock.now()) == 0

    assert subscriber.attempts == [1]
    assert bus.backlog() == 0


def test_a_refused_message_comes_again_after_its_backoff_and_not_before(bus, clock):
    bus.publish([EVENT])
    subscriber = Subscriber("no", "yes")
    bus.pump(subscriber, clock.now())

    clock.advance(0.999999)
    assert bus.pump(subscriber, clock.now()) == 0
    clock.advance(0.000001)
    assert bus.pump(subscriber, clock.now()) == 1

    assert subscriber.attempts == [1, 2]


def test_the_backoff_doubles_from_a_second_to_a_minute():
    assert [backoff_s(n) for n in range(1, 10)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_its_last_attempt_a_message_is_a_readable_dead_letter(bus, clock):
    bus.publish([EVENT])
    subscriber = Subscriber()
    for _ in range(LAST_ATTEMPT + 3):
        bus.pump(subscriber, clock.now())
        clock.advance(60)

    (letter,) = bus.dead_letters()
    assert subscriber.attempts == list(range(1, LAST_ATTEMPT + 1))
    assert (letter.topic, letter.attempts) == ("instance-changed", LAST_ATTEMPT)
    assert letter.attributes["reason"] == "no attempt of 10 was acknowledged"
    assert b"inst_1" in letter.message
    assert bus.backlog() == 0


def test_an_exception_of_the_subscriber_is_passed_on_and_the_message_comes_again(bus, clock):
    bus.publish([EVENT])

    def broken(leased: Delivered) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bus.pump(broken, clock.now())
    clock.advance(1)

    subscriber = Subscriber("yes")
    bus.pump(subscriber, clock.now())
    assert subscriber.attempts == [2]


def test_a_message_under_way_is_delivered_to_nobody_else_until_its_lease_ends(bus, clock):
    bus.publish([EVENT])
    second, third = Subscriber("yes"), Subscriber("yes")

    def slow(leased: Delivered) -> bool:
        clock.advance(LEASE_S - 1)
        bus.pump(second, clock.now())
        clock.advance(1)
        bus.pump(third, clock.now())
        return False

    bus.pump(slow, clock.now())

    assert second.attempts == []
    assert third.attempts == [2]
    assert bus.backlog() == 0


def test_a_lease_is_whole_however_long_the_deliveries_before_it_took(bus, clock):
    bus.publish([InstanceChanged("inst_slow", "x"), EVENT])
    other = Subscriber("yes")

    def slow(leased: Delivered) -> bool:
        clock.advance(LEASE_S - 1)
        if b"inst_slow" not in leased.message:
            bus.pump(other, clock.now())
        return True

    bus.pump(slow, clock.now())

    assert other.attempts == []


def test_one_failing_message_does_not_hold_up_the_others(bus, clock):
    bus.publish([InstanceChanged("inst_bad", "x"), EVENT])
    delivered = []

    def picky(leased: Delivered) -> bool:
        delivered.append(leased.message)
        return b"inst_bad" not in leased.message

    assert bus.pump(picky, clock.now()) == 2
    assert bus.backlog() == 1


def test_a_clock_set_back_delays_no_fresh_message(bus, clock):
    bus.publish([EVENT])
    clock.set(clock.now() - timedelta(days=1))

    assert bus.pump(Subscriber("yes"), clock.now()) == 1


def test_a_waiter_wakes_when_something_is_published(bus):
    woken = []
    waiter = threading.Thread(target=lambda: woken.append(bus.wait(30)))
    waiter.start()

    bus.publish([EVENT])
    waiter.join(10)

    assert woken == [True]
    assert bus.wait(0) is False


def test_what_was_published_before_a_restart_is_delivered_after_it(bus, clock, tmp_path):
    bus.publish([EVENT])
    bus.close()

    again = EmbeddedBus(tmp_path / "bus.db", clock, SeededIds())

    assert again.pump(Subscriber("yes"), clock.now()) == 1
    again.close()


def test_several_pumps_share_the_work_without_doubling_it(bus, clock):
    bus.publish([InstanceChanged(f"inst_{n}", "x") for n in range(40)])
    delivered = []

    def deliver(leased: Delivered) -> bool:
        delivered.append(leased.message)
        return True

    pumps = [threading.Thread(target=bus.pump, args=(deliver, clock.now())) for _ in range(4)]
    for pump in pumps:
        pump.start()
    for pump in pumps:
        pump.join()

    assert len(delivered) == len(set(delivered)) == 40


def test_a_message_that_is_given_up_is_an_alarm(bus, clock, caplog):
    bus.publish([EVENT])
    for _ in range(LAST_ATTEMPT):
        bus.pump(Subscriber(), clock.now())
        clock.advance(60)

    (alarm,) = [each for each in caplog.records if each.name == "dumont.alarms"]
    assert alarm.details["alarm"] == "dead_letter"
    assert alarm.details["topic"] == "instance-changed"


def test_every_attempt_of_a_message_has_the_same_id_and_no_other_message_has_it(bus, clock):
    bus.publish([EVENT, EVENT])
    ids = []

    def failing(leased: Delivered) -> bool:
        ids.append(leased.id)
        return False

    bus.pump(failing, clock.now())
    clock.advance(1)
    bus.pump(failing, clock.now())

    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2


def test_a_file_of_an_earlier_version_keeps_its_messages_and_its_dead_letters(tmp_path, clock):
    message = b'{"old": true}'
    with sqlite3.connect(tmp_path / "bus.db") as old:
        old.execute(
            "CREATE TABLE messages (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, "
            "message BLOB NOT NULL, attempts INTEGER NOT NULL, due TEXT NOT NULL)"
        )
        old.execute(
            "CREATE TABLE dead_letters (number INTEGER PRIMARY KEY, topic TEXT NOT NULL, "
            "message BLOB NOT NULL, attempts INTEGER NOT NULL, died TEXT NOT NULL)"
        )
        old.execute("INSERT INTO messages VALUES (1, 'instance-idle', ?, 0, '')", (message,))
        died = codec.time_text(clock.now())
        old.execute("INSERT INTO dead_letters VALUES (7, 'instance-idle', x'00', 10, ?)", (died,))
    old.close()

    bus = EmbeddedBus(tmp_path / "bus.db", clock, SeededIds())
    found = []
    bus.pump(lambda leased: bool(found.append(leased) or True), clock.now())
    bus.reject("instance-idle", b"x", message_id="msg_9", reason="no")

    assert [(each.message, each.attributes) for each in found] == [(message, {})]
    assert [(each.message, each.attempts) for each in bus.dead_letters()] == [
        (b"x", 1),
        (b"\0", 10),
    ]
    bus.close()
