"""``helpdesk-bridge capabilities``: what adapters and desks can do, and within which limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from helpdesk_bridge.cli.console import complain, page, plain, say
from helpdesk_bridge.cli.inventory import inventory
from helpdesk_bridge.cli.matrix import Cell, Grid, grid, matrix
from helpdesk_bridge.config import Config, load_config
from helpdesk_bridge.config.registry import taken_for_desk
from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.model import Capabilities, Capability

__all__ = ["capabilities"]


def capabilities(
    desk: str | None = None,
    /,
    *,
    config: Path | None = None,
    markdown: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Show what can be done, natively or emulated, within which limits, and why not.

    Without arguments it is the most that each installed adapter can do. With a desk, or with a
    configuration alone for all its desks, it is what the settings of that account allow. Nothing
    is asked of any vendor. Exits with 1 if something could not be looked at.

    Parameters
    ----------
    desk
        The name of a desk in the configuration, which is not that of an adapter.
    config
        The path of a helpdesk.toml, in place of the usual ones.
    markdown
        Print a page of Markdown.
    """
    try:
        if desk is None and config is None:
            title = "What each adapter can do"
            columns, missing = _of_adapters()
        else:
            title = "What each desk can do"
            columns, missing = _of_desks(load_config(config), desk)
    except HelpdeskError as error:
        return complain(f"{error.message}{taken_for_desk(desk)}")
    if columns and markdown:
        page(matrix(columns, title=title))
    elif columns:
        _show(columns)
    for text in missing:
        complain(text)
    return 1 if missing else 0


def _of_adapters() -> tuple[dict[str, Capabilities], list[str]]:
    found = inventory()
    columns = {one.name: Capabilities(one.adapter.offers) for one in found if one.adapter}
    missing = {one.name: f"{one.name}: {one.reason}" for one in found if not one.adapter}
    return columns, list(missing.values())


def _of_desks(config: Config, desk: str | None) -> tuple[dict[str, Capabilities], list[str]]:
    columns: dict[str, Capabilities] = {}
    missing: list[str] = []
    for name in config.desks if desk is None else [desk]:
        try:
            columns[name] = asyncio.run(_of_desk(config, name))
        except HelpdeskError as error:
            missing.append(error.message)
    return columns, missing


async def _of_desk(config: Config, name: str) -> Capabilities:
    found = config.desk(name)
    async with Helpdesk(found.settings, name=name, adapter=found.adapter) as desk:
        return desk.capabilities


def _show(columns: Mapping[str, Capabilities]) -> None:
    console = Console()
    made = grid(columns)
    label = Column("capability", no_wrap=True, min_width=max(map(len, Capability)))
    names = [plain(name) for name in made.columns]
    table = Table(label, *map(escape, names), show_lines=True)
    for capability, cells in made.rows:
        table.add_row(capability.value, *(_text(cell) for cell in cells))
    if _fits(made, console.width):
        console.print(table)
    else:
        for capability, cells in made.rows:
            console.print(Text(capability.value, style="bold"))
            for name, cell in zip(names, cells, strict=True):
                told = Text.assemble(f"{name}: ", _text(cell))
                console.print(Padding(told, (0, 0, 0, 2), expand=False))
    for number, note in enumerate(made.notes, 1):
        say(console, (f"{f'[{number}]':>4}", "cyan"), f" {plain(str(note))}")


def _fits(made: Grid, width: int) -> bool:
    """Say whether the table has room for its longest word in each column: rich breaks it else."""
    count = len(made.columns)
    words = [plain(cell.text).split() for _, cells in made.rows for cell in cells]
    longest = max(map(len, [*map(plain, made.columns), *chain.from_iterable(words)]))
    edges = 3 * count + 4  # bars, and a blank on both sides of each cell
    return max(map(len, Capability)) + count * longest + edges <= width


def _text(cell: Cell) -> Text:
    note = (f" [{cell.note}]", "cyan") if cell.note else ""
    return Text.assemble(plain(cell.text), note)
