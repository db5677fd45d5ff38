"""Documents: what is written, what is read back, and what is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters import codec
from shared.domain.errors import StoreError, UnknownSchema
from shared.domain.ids import UserId
from shared.ports.store import Collection

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Inner:
    n: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Outer:
    owner: UserId
    at: datetime
    day: date
    colour: Colour
    level: Level
    mode: Literal["fast", "slow"]
    inner: Inner
    maybe: Inner | None
    many: tuple[Inner, ...]
    pair: tuple[int, str]
    colours: frozenset[Colour]
    by_name: Mapping[str, Inner]
    by_colour: Mapping[Colour, int]
    any_scalar: str | int | None
    share: float
    done: bool
    added_later: int = 7
    list_later: tuple[str, ...] = field(default=())


OUTERS = Collection("outers", Outer)
OUTER = Outer(
    owner=UserId("user_1"),
    at=AT,
    day=date(2026, 1, 2),
    colour=Colour.BLUE,
    level=Level.HIGH,
    mode="slow",
    inner=Inner(1, AT),
    maybe=None,
    many=(Inner(2, AT),),
    pair=(1, "x"),
    colours=frozenset({Colour.RED, Colour.BLUE}),
    by_name={"a": Inner(3, AT)},
    by_colour={Colour.RED: 5},
    any_scalar=4,
    share=1.0,
    done=True,
)
INNER_DOCUMENT = {"n": 1, "at": "2026-01-02T03:04:05.000006Z"}
DOCUMENT = {
    "owner": "user_1",
    "at": "2026-01-02T03:04:05.000006Z",
    "day": "2026-01-02",
    "colour": "blue",
    "level": 2,
    "mode": "slow",
    "inner": INNER_DOCUMENT,
    "maybe": None,
    "many": [INNER_DOCUMENT | {"n": 2}],
    "pair": [1, "x"],
    "colours": ["blue", "red"],
    "by_name": {"a": INNER_DOCUMENT | {"n": 3}},
    "by_colour": {"red": 5},
    "any_scalar": 4,
    "share": 1.0,
    "done": True,
    "added_later": 7,
    "list_later": [],
    "schema": 1,
}


def test_a_value_becomes_this_document_and_comes_back():
    assert codec.encode(OUTERS, OUTER) == DOCUMENT
    assert codec.decode(OUTERS, DOCUMENT) == OUTER


def test_a_whole_number_is_good_where_a_fraction_may_stand():
    assert codec.decode(OUTERS, DOCUMENT | {"share": 1}).share == 1.0


def test_a_missing_field_takes_its_default_and_an_unknown_one_is_dropped():
    document = {key: value for key, value in DOCUMENT.items() if key != "added_later"}

    assert codec.decode(OUTERS, document | {"gone": 1}) == OUTER


@pytest.mark.parametrize(
    "damage",
    [
        {"owner": 5},
        {"owner": None},
        {"at": "2026-01-02T03:04:05Z"},
        {"at": "2026-01-02T03:04:05.000006+00:00"},
        {"at": "2026-13-02T03:04:05.000006Z"},
        {"at": 5},
        {"day": "x"},
        {"inner": None},
        {"inner": {"n": 1}},
        {"inner": {"n": "1", "at": DOCUMENT["at"]}},
        {"inner": {"n": True, "at": DOCUMENT["at"]}},
        {"many": 5},
        {"pair": [1]},
        {"share": "1"},
        {"share": True},
        {"done": 1},
        {"schema": "1"},
        {"schema": None},
        {"schema": -1},
    ],
)
def test_a_damaged_document_is_an_error_of_the_store(damage):
    with pytest.raises(StoreError) as refused:
        codec.decode(OUTERS, DOCUMENT | damage)

    assert not isinstance(refused.value, UnknownSchema)


@pytest.mark.parametrize(
    "newer",
    [
        {"schema": 2},
        {"colour": "green"},
        {"colours": ["red", "green"]},
        {"level": 3},
        {"mode": "warp"},
        {"by_colour": {"green": 1}},
    ],
)
def test_a_document_of_newer_code_is_left_alone(newer):
    with pytest.raises(UnknownSchema):
        codec.decode(OUTERS, DOCUMENT | newer)


@dataclass(frozen=True, slots=True)
class Third:
    a: int
    b: int
    c: int


THIRDS = Collection(
    "thirds",
    Third,
    schema=3,
    upcasters=(lambda d: d | {"b": d["a"] + 1}, lambda d: d | {"c": d["b"] + 1}),
)


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({"schema": 1, "a": 1}, Third(1, 2, 3)),
        ({"schema": 2, "a": 1, "b": 5}, Third(1, 5, 6)),
        ({"schema": 3, "a": 1, "b": 5, "c": 9}, Third(1, 5, 9)),
    ],
)
def test_an_older_document_is_brought_up_step_by_step(document, value):
    before = dict(document)

    assert codec.decode(THIRDS, document) == value
    assert document == before


def test_an_upcaster_that_fails_is_an_error_of_the_store():
    with pytest.raises(StoreError):
        codec.decode(THIRDS, {"schema": 1})


@pytest.mark.parametrize("share", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(share):
    from dataclasses import replace

    with pytest.raises(StoreError):
        codec.encode(OUTERS, replace(OUTER, share=share))


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(StoreError):
        codec.encode(Collection("inners", Inner), Inner(1, AT.replace(tzinfo=None)))


zones = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(timezones=zones).filter(lambda m: 1 < m.year < 9999)


@given(moments, moments)
def test_the_order_of_the_text_is_the_order_of_time(one, other):
    assert (codec.time_text(one) < codec.time_text(other)) == (one < other)
    assert codec.parse_time(codec.time_text(one)) == one


@given(st.integers(), moments)
def test_every_inner_value_comes_back(n, at):
    inners = Collection("inners", Inner)

    assert codec.decode(inners, codec.encode(inners, Inner(n, at))) == Inner(n, at)
