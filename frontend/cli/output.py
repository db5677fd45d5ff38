"""Answers go to standard output, remarks to standard error."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import BaseModel
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Column:
    """Only a column that `gives_way` is shortened on a narrow terminal."""

    title: str
    right: bool = False
    gives_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """With `as_json` everything on standard output is one JSON document."""

    as_json: bool

    def json(self, answer: object) -> None:
        click.echo(self.text(answer))

    def text(self, answer: object) -> str:
        return json.dumps(answer, indent=2, default=str)

    def model(self, answer: BaseModel) -> None:
        self.json(dumped(answer))

    def models(self, answers: Iterable[BaseModel]) -> None:
        self.json({"items": [dumped(answer) for answer in answers]})

    def line(self, text: str = "") -> None:
        """A line of an answer for people; nothing with `as_json`."""
        if not self.as_json:
            self.console().print(text, soft_wrap=True)

    def remark(self, text: str) -> None:
        """What happens meanwhile, or what to do next; nothing with `as_json`."""
        if not self.as_json:
            self.console(error=True).print(text, soft_wrap=True)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values, aligned."""
        longest = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            self.line(f"{name:<{longest}}  {value}")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Fits the terminal (80 columns where there is none), unless ids alone do not."""
        from rich.table import Table

        console = self.console()
        cells = [tuple(row) for row in rows]
        widths = fitted(columns, cells, console.width)
        console.width = max(console.width, sum(widths) + len(widths))  # an id is never cut
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        for column, width in zip(columns, widths, strict=True):
            table.add_column(
                column.title,
                justify="right" if column.right else "left",
                no_wrap=True,
                overflow="ellipsis",
                width=width,
            )
        for row in cells:
            table.add_row(*row)
        console.print(table)

    def console(self, *, error: bool = False) -> Console:
        """Foreign text is printed as it is: no markup, no emoji, no guessing at colours."""
        from rich.console import Console

        return Console(stderr=error, markup=False, emoji=False, highlight=False)


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """As wide as the widest cell; what is too much is taken from the widest that give way."""
    widths = [
        max(len(cell) for cell in cells) for cells in zip(_titles(columns), *rows, strict=True)
    ]
    too_much = sum(widths) + len(columns) - 1 - room
    yielding = [place for place, column in enumerate(columns) if column.gives_way]
    while too_much > 0:
        able = [place for place in yielding if widths[place] > len(columns[place].title)]
        if not able:
            break
        widths[max(able, key=lambda place: widths[place])] -= 1
        too_much -= 1
    return widths


def _titles(columns: Sequence[Column]) -> list[str]:
    return [column.title for column in columns]


def dumped(answer: BaseModel) -> object:
    """The answer as the server said it, less what it did not say."""
    return answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
