"""`replace` says what the library's says, of every kind of dataclass."""

from __future__ import annotations

import dataclasses

import pytest

from shared.domain.replacing import replace


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    name: str
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    name: str
    count: int = 0
    limit: int = 10

    def __post_init__(self) -> None:
        if self.count > self.limit:
            raise ValueError("too many")


@dataclasses.dataclass(frozen=True, slots=True)
class Derived(Plain):
    limit: int = 10


@dataclasses.dataclass(frozen=True)
class Unslotted:
    name: str
    count: int = 0


@pytest.mark.parametrize(
    "value", [Plain("a", 1), Checked("a", 1), Derived("a", 1), Unslotted("a", 1)]
)
def test_what_is_not_named_stays_and_so_does_the_old_value(
    value: Plain | Checked | Unslotted,
) -> None:
    made = replace(value, count=2)

    assert made == dataclasses.replace(value, count=2)
    assert type(made) is type(value)
    assert hash(made) == hash(dataclasses.replace(value, count=2))
    assert value.count == 1


def test_a_check_of_the_class_is_made_again() -> None:
    with pytest.raises(ValueError, match="too many"):
        replace(Checked("a", 1), count=11)


@pytest.mark.parametrize("name", ["colour", "__class__"])
@pytest.mark.parametrize("value", [Plain("a"), Unslotted("a")])
def test_a_name_that_is_no_field_is_refused(value: Plain | Unslotted, name: str) -> None:
    changes: dict[str, object] = {name: Plain}

    with pytest.raises(TypeError, match=name):
        replace(value, **changes)  # type: ignore[arg-type]


def test_what_was_made_is_as_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        replace(Plain("a"), count=2).count = 3  # type: ignore[misc]
