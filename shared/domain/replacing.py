"""A frozen value with some of its fields changed, in a fifth of the library's time.

Every decision makes new values. On wide ones `dataclasses.replace` asks each field's options and
then runs an `__init__` of one call a field: that took a sixth of the control plane's processor
time under the fault simulation.

Here the copy is made as a value of a twin: a class with the same slots that is not frozen, whose
fields are plain assignments. When all changes are in it takes the class it was made for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - mypy checks the names as there
else:
    import dataclasses
    from typing import Any, TypeVar

    T = TypeVar("T")
    _recipes: dict[type, tuple[Any, frozenset[str], Any] | None] = {}

    def replace(value: T, /, **changes: object) -> T:
        """As `dataclasses.replace`. Raises TypeError for a name that is no field."""
        kind = value.__class__
        recipe = _recipes[kind] if kind in _recipes else _learn(kind)
        if recipe is None:
            return dataclasses.replace(value, **changes)
        copied, names, check = recipe
        made = copied(value)
        for name, changed in changes.items():
            if name not in names:
                raise TypeError(f"{kind.__name__} has no field {name!r}")
            setattr(made, name, changed)
        made.__class__ = kind
        if check is not None:
            check(made)
        return made

    def _learn(kind: type) -> tuple[Any, frozenset[str], Any] | None:
        """None for a class that the library serves: one without slots, or not as plain as ours."""
        fields = dataclasses.fields(kind)
        names = tuple(each.name for each in fields)
        slotted = kind.__dict__.get("__slots__") == names and kind.__bases__ == (object,)
        if not slotted or not all(each.init for each in fields):
            recipe = None
        else:
            copied = _copying(type(kind.__name__, (), {"__slots__": names}), names)
            recipe = copied, frozenset(names), getattr(kind, "__post_init__", None)
        _recipes[kind] = recipe
        return recipe

    def _copying(twin: type, names: tuple[str, ...]) -> Any:
        """Written out field by field, as the library writes an `__init__`: the interpreter has
        an instruction for each, and a loop takes five times as long.
        """
        lines = [f"    made.{name} = value.{name}" for name in names]
        source = "\n".join(["def copied(value):", "    made = twin()", *lines, "    return made"])
        scope = {"twin": twin}
        exec(source, scope)  # noqa: S102 - of our own classes' field names
        return scope["copied"]
