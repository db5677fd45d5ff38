"""Frozen dataclasses with slots, made in half of the library's time.

The library compiles six functions for each class, which was half of what most functions took to
start beside their framework. Here `__init__` alone is compiled; the others are the same for every
class but for the fields that they read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - mypy knows the library's own
else:
    import dataclasses
    import inspect
    import sys
    from operator import attrgetter
    from typing import Any

    _FROZEN = {"frozen": True, "slots": True}
    _MADE_HERE = frozenset(
        {"__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"}
        | {"__getstate__", "__setstate__"}
    )
    _MISSING = dataclasses.MISSING

    def dataclass(kind: type | None = None, /, **options: bool) -> Any:
        """As `dataclasses.dataclass`, which serves what is not frozen with slots, and what is less
        plain than our own.
        """
        if kind is not None or options != _FROZEN:
            return dataclasses.dataclass(kind, **options)
        return _made

    def _made(kind: type) -> type:
        if not _is_plain(kind):
            return dataclasses.dataclass(kind, **_FROZEN)
        bare = dataclasses.dataclass(kind, init=False, repr=False, eq=False, slots=True)
        fields = dataclasses.fields(bare)
        bare.__init__ = _init(bare, fields)
        bare.__repr__ = _repr([each.name for each in fields if each.repr])
        bare.__eq__, bare.__hash__ = _comparing([each.name for each in fields])
        bare.__setattr__, bare.__delattr__ = _refusing(bare, {each.name for each in fields})
        bare.__getstate__, bare.__setstate__ = _getstate, _setstate
        params = bare.__dataclass_params__
        params.init = params.repr = params.eq = params.frozen = True
        return bare

    def _is_plain(kind: type) -> bool:
        """No base that is one too, nothing written by hand, no field with a say of its own."""
        types = map(str, inspect.get_annotations(kind).values())
        own = [each for each in kind.__dict__.values() if isinstance(each, dataclasses.Field)]
        return not (
            dataclasses.is_dataclass(kind)
            or _MADE_HERE & kind.__dict__.keys()
            or any("InitVar" in each or "KW_ONLY" in each for each in types)
            or any(
                not f.init or not f.compare or f.hash is not None or f.kw_only is True for f in own
            )
        )

    def _init(kind: type, fields: tuple[Any, ...]) -> Any:
        """Writes to the slots themselves, which no frozen class forbids."""
        known: dict[str, Any] = {"_missing": _MISSING}
        taken, body = ["self"], []
        for each in fields:
            name, value = each.name, each.name
            known[f"_set_{name}"] = getattr(kind, name).__set__
            if each.default_factory is not _MISSING:
                known[f"_new_{name}"] = each.default_factory
                taken.append(f"{name}=_missing")
                value = f"_new_{name}() if {name} is _missing else {name}"
            elif each.default is not _MISSING:
                known[f"_default_{name}"] = each.default
                taken.append(f"{name}=_default_{name}")
            else:
                taken.append(name)
            body.append(f"  _set_{name}(self, {value})")
        if hasattr(kind, "__post_init__"):
            body.append("  self.__post_init__()")
        lines = [f"def make({','.join(known)}):", f" def __init__({','.join(taken)}):"]
        text = "\n".join([*lines, *(body or ["  pass"]), " return __init__"])
        scope: dict[str, Any] = {}
        # As the library does: of names that the class's own source holds.
        exec(text, sys.modules[kind.__module__].__dict__, scope)  # noqa: S102
        init = scope["make"](**known)
        init.__module__, init.__qualname__ = kind.__module__, f"{kind.__qualname__}.__init__"
        init.__annotations__ = {each.name: each.type for each in fields} | {"return": None}
        return init

    def _reader(names: list[str]) -> Any:
        """All of them in one tuple."""
        if len(names) > 1:
            return attrgetter(*names)
        return lambda value: tuple(getattr(value, name) for name in names)

    def _repr(names: list[str]) -> Any:
        def __repr__(self: Any) -> str:  # noqa: N807
            said = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{self.__class__.__qualname__}({said})"

        return __repr__

    def _comparing(names: list[str]) -> tuple[Any, Any]:
        read = _reader(names)

        def __eq__(self: Any, other: Any) -> Any:  # noqa: N807
            return (
                read(self) == read(other) if other.__class__ is self.__class__ else NotImplemented
            )

        def __hash__(self: Any) -> int:  # noqa: N807
            return hash(read(self))

        return __eq__, __hash__

    def _refusing(kind: type, names: set[str]) -> tuple[Any, Any]:
        """A class below it may have what is no field of this one."""

        def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
            if type(self) is kind or name in names:
                raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
            super(kind, self).__setattr__(name, value)

        def __delattr__(self: Any, name: str) -> None:  # noqa: N807
            if type(self) is kind or name in names:
                raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
            super(kind, self).__delattr__(name)

        return __setattr__, __delattr__

    def _getstate(self: Any) -> list[Any]:
        return [getattr(self, each.name) for each in dataclasses.fields(self)]

    def _setstate(self: Any, state: list[Any]) -> None:
        for each, value in zip(dataclasses.fields(self), state, strict=True):
            object.__setattr__(self, each.name, value)
