"""The matrix says what the code says, with every limit, and the committed page is that matrix."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from helpdesk_bridge.cli.inventory import inventory
from helpdesk_bridge.cli.matrix import COMMAND, LIMITS, describe, grid, matrix
from helpdesk_bridge.model import (
    Capabilities,
    Capability,
    ChangeKind,
    ChangeMode,
    Status,
    Support,
    emulated,
    native,
    none,
)
from helpdesk_bridge.model import (
    CapabilityLimits as Limits,
)

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"


def test_the_committed_page_is_what_the_code_says() -> None:
    ours = {
        one.name: Capabilities(one.adapter.offers)
        for one in inventory()
        if one.adapter is not None and one.distribution == "helpdesk-bridge"
    }
    committed = PAGE.read_text(encoding="utf-8")
    assert committed == matrix(ours), f"make it anew: {COMMAND} > docs/matrix.md"


def test_every_limit_there_is_can_be_said() -> None:
    assert set(LIMITS) == {attribute.name for attribute in attrs.fields(Limits)}


@pytest.mark.parametrize(
    ("support", "said"),
    [
        (native(), "native"),
        (native("With a reason."), "native"),
        (emulated("By two requests."), "emulated"),
        (none("It cannot."), "-"),
        (native(limits=Limits(page_size=50)), "native; max 50 a page"),
        (native(limits=Limits(attachments=10)), "native; max 10 files"),
        (
            native(limits=Limits(attachment_bytes=5_000_000)),
            "native; files max 5,000,000 bytes together",
        ),
        (emulated("x", limits=Limits(body_bytes=65536)), "emulated; body max 65,536 bytes"),
        (
            native(limits=Limits(statuses=frozenset((Status.CLOSED, Status.OPEN, Status.NEW)))),
            "native; statuses: new, open, closed",
        ),
        (native(limits=Limits(options=frozenset(("to", "cc")))), "native; options: cc, to"),
        (native(limits=Limits(options=frozenset())), "native; options: none"),
        (native(limits=Limits(statuses=frozenset())), "native; statuses: none"),
        (native(limits=Limits(sizes=frozenset(("small", "large")))), "native; sizes: large, small"),
        (
            native(limits=Limits(options=frozenset(("cc",)), page_size=1000)),
            "native; max 1,000 a page; options: cc",
        ),
        (native(limits=Limits(mode=ChangeMode.CURSOR)), "native; mode: cursor"),
        (
            emulated(
                "x",
                limits=Limits(
                    mode=ChangeMode.WINDOW,
                    sees=frozenset((ChangeKind.MESSAGES, ChangeKind.FIELDS)),
                    resolution=1.0,
                    lag=5.0,
                ),
            ),
            "emulated; mode: window; sees: fields, messages; times to 1 s; shows within 5 s",
        ),
        (
            native(limits=Limits(resolution=0.001, lag=1800)),
            "native; times to 0.001 s; shows within 1,800 s",
        ),
    ],
)  # fmt: skip
def test_a_cell_says_the_level_and_the_limits(support: Support, said: str) -> None:
    assert describe(support) == said


def test_there_is_a_row_for_each_capability_and_a_column_for_each_name() -> None:
    made = grid({"a": Capabilities({}), "b": Capabilities({Capability.NOTE: native()})})
    assert made.columns == ("a", "b")
    assert [capability for capability, _ in made.rows] == list(Capability)
    note = dict(made.rows)[Capability.NOTE]
    assert [cell.text for cell in note] == ["-", "native"]


def test_the_same_reason_has_one_number() -> None:
    able = Capabilities(
        {
            Capability.LIST_TICKETS: emulated("On what is read."),
            Capability.GET_TICKET: native(),
            Capability.REPLY: native("Slowly."),
            Capability.NOTE: emulated("On what is read."),
        }
    )
    made = grid({"a": able, "b": able})
    numbers = {capability: [cell.note for cell in cells] for capability, cells in made.rows}
    told = [note.reason for note in made.notes]
    assert sorted(set(told)) == sorted(told)
    assert {told[n - 1] for n in numbers[Capability.NOTE] if n} == {"On what is read."}
    assert numbers[Capability.LIST_TICKETS] == numbers[Capability.NOTE]
    assert {told[n - 1] for n in numbers[Capability.REPLY] if n} == {"Slowly."}
    assert numbers[Capability.GET_TICKET] == [None, None]


PAGE_OF_VENDOR = "https://docs.vendor.example/api?page=tickets_1"


@pytest.mark.parametrize(
    ("support", "note", "line"),
    [
        (
            none("No such call.", source=PAGE_OF_VENDOR),
            f"No such call. ({PAGE_OF_VENDOR})",
            f"No such call. (<{PAGE_OF_VENDOR}>)",
        ),
        (
            none("No such call.", source="observed on Vendor [5]"),
            "No such call. (observed on Vendor [5])",
            "No such call. (observed on Vendor \\[5])",
        ),
        (native(source=PAGE_OF_VENDOR), f"See {PAGE_OF_VENDOR}", f"See <{PAGE_OF_VENDOR}>"),
        (
            native(source=f"{PAGE_OF_VENDOR}> <script>"),
            f"See {PAGE_OF_VENDOR}> <script>",
            f"See {PAGE_OF_VENDOR}> \\<script>",
        ),
        (emulated("By two calls."), "By two calls.", "By two calls."),
    ],
)
def test_a_note_says_where_the_vendor_says_so(support: Support, note: str, line: str) -> None:
    able = {"a": Capabilities(dict.fromkeys(Capability, support))}
    notes = grid(able).notes
    assert note in [str(one) for one in notes]
    assert f"[^1]: {line}" in matrix(able).splitlines()


def test_the_same_reason_of_two_pages_has_two_numbers() -> None:
    able = Capabilities(
        {
            Capability.REPLY: none("No.", source="https://a.example/1"),
            Capability.NOTE: none("No.", source="https://a.example/2"),
        }
    )
    row = {c: cells[0].note for c, cells in grid({"a": able}).rows}
    assert row[Capability.REPLY] != row[Capability.NOTE]


def test_a_reason_cannot_break_the_page() -> None:
    page = matrix(
        {"odd|name": Capabilities({Capability.REPLY: none("a | b\n# <b> *c* `d` \\ [e]")})}
    )
    assert "| capability | odd\\|name |" in page.splitlines()
    assert "[^2]: a \\| b # \\<b> \\*c\\* \\`d\\` \\\\ \\[e]" in page.splitlines()


def test_all_rows_have_as_many_cells_as_there_are_columns() -> None:
    page = matrix({"a": Capabilities({}), "b": Capabilities({})})
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {4}
    assert len(rows) == len(Capability) + 2
