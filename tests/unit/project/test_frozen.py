"""Our own dataclasses are what the library's would be."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

import pytest

from shared.domain import frozen

T = TypeVar("T")
Make = Callable[..., Any]
OURS: Make = frozen.dataclass(frozen=True, slots=True)
THEIRS: Make = dataclasses.dataclass(frozen=True, slots=True)


def plain(make: Make) -> Any:
    class Plain:
        """Said by its author."""

        kind: ClassVar[str] = "plain"
        name: str
        secret: str = field(repr=False)
        count: int = 3
        seen: list[int] = field(default_factory=list)

        def __post_init__(self) -> None:
            if self.count < 0:
                raise ValueError("it is negative")

        @property
        def double(self) -> int:
            return 2 * self.count

    return make(Plain)


def single(make: Make) -> Any:
    class Single(Generic[T]):
        value: tuple[T, ...] = ()

    return make(Single)


def nothing(make: Make) -> Any:
    class Nothing:
        pass

    return make(Nothing)


def by_hand(make: Make) -> Any:
    class ByHand:
        name: str
        aside: int = field(default=0, compare=False)

        def __repr__(self) -> str:
            return "by hand"

    return make(ByHand)


@OURS
class Kept:
    name: str
    count: int = 0


@OURS
class Below(Kept):
    more: int = 1


SAMPLES = [
    (plain, ("a", "b")),
    (plain, ("a", "b", 4, [1])),
    (single, ()),
    (single, ((1, 2),)),
    (nothing, ()),
    (by_hand, ("a",)),
    (by_hand, ("a", 5)),
]


@pytest.mark.parametrize(("define", "values"), SAMPLES)
def test_it_looks_like_the_librarys(define: Callable[[Make], Any], values: tuple[Any, ...]) -> None:
    our_class, their_class = define(OURS), define(THEIRS)
    ours, theirs = our_class(*values), their_class(*values)

    assert repr(ours) == repr(theirs)
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert our_class.__slots__ == their_class.__slots__
    assert our_class.__match_args__ == their_class.__match_args__
    assert not hasattr(ours, "__dict__")
    assert get_type_hints(our_class) == get_type_hints(their_class)
    assert get_type_hints(our_class.__init__) == get_type_hints(their_class.__init__)
    our_signature, their_signature = map(inspect.signature, (our_class, their_class))
    assert list(our_signature.parameters) == list(their_signature.parameters)
    assert repr(our_class.__dataclass_params__) == repr(their_class.__dataclass_params__)


@pytest.mark.parametrize(("define", "values"), SAMPLES)
def test_it_is_compared_by_all_its_fields(
    define: Callable[[Make], Any], values: tuple[Any, ...]
) -> None:
    kind = define(OURS)
    same, value = kind(*values), kind(*values)

    assert value == same
    assert value != object()
    assert value != define(OURS)(*values), "another class with the same fields"
    if not any(isinstance(each, list) for each in values) and define is not plain:
        assert hash(value) == hash(same)


def test_each_value_has_a_default_of_its_own() -> None:
    kind = plain(OURS)

    assert kind("a", "b").seen is not kind("a", "b").seen
    assert kind("a", "b") != kind("a", "b", 4)
    assert kind(name="a", secret="b").count == 3


def test_nothing_can_be_set_or_deleted() -> None:
    value = plain(OURS)("a", "b")

    with pytest.raises(dataclasses.FrozenInstanceError, match="'count'"):
        value.count = 4
    with pytest.raises(dataclasses.FrozenInstanceError, match="'other'"):
        value.other = 4
    with pytest.raises(dataclasses.FrozenInstanceError, match="'count'"):
        del value.count


def test_a_check_of_the_class_is_made() -> None:
    with pytest.raises(ValueError, match="negative"):
        plain(OURS)("a", "b", -1)


@pytest.mark.parametrize("arguments", [(), ("a", 1, 2), ("a", 1, 2, 3)])
def test_too_few_or_too_many_values_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        Kept(*arguments)


@pytest.mark.parametrize("value", [Kept("a", 2), Below("a", 2, 3)])
def test_it_is_copied_and_pickled(value: Kept) -> None:
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value
    assert dataclasses.replace(value, count=9).count == 9


def test_a_class_below_has_the_fields_of_both() -> None:
    assert repr(Below("a", 2)) == "Below(name='a', count=2, more=1)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        Below("a").name = "b"  # type: ignore[misc]


def test_what_is_not_frozen_is_the_librarys() -> None:
    @frozen.dataclass
    class Loose:
        name: str

    value = Loose("a")
    value.name = "b"

    assert value == Loose("b")
