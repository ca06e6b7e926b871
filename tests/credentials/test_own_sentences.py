"""Sentences of this library stay whole, also where a fake's token is made of words of theirs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.transport.credentials import Credentials
from tests.canary import chain
from tests.every_adapter.places import opened
from tests.vendors import FAKES, ROOT


def sentences(folder: Path) -> Iterator[str]:
    """Yield the texts of several words in the code of a package, without docstrings and fakes."""
    for module in folder.rglob("*.py"):
        if module.name.startswith("fake"):
            continue
        nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
        told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
        texts = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in told]
        for text in [node.value for node in texts if isinstance(node.value, str)]:
            if text.count(" ") > 1 and "\n" not in text:  # no list of words
                yield text


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_no_sentence_of_ours_is_struck_by_a_fakes_credentials(adapter: str) -> None:
    async with opened(adapter) as place:
        await place.desk.tickets()
        known = place.desk._calls.credentials
        assert known._known
        for folder in ("helpdesk_bridge", f"adapters/helpdesk_bridge_{adapter}"):
            for sentence in sentences(ROOT / folder):
                assert known.strike_out_of([sentence], own=True) == [sentence]


@pytest.mark.asyncio
async def test_the_name_of_the_vendor_stays_in_its_errors() -> None:
    async with opened("helpspace") as place:
        ticket = await place.desk.create_ticket(
            subject="Next", requester="li@c.example", text="Some words."
        )
        with pytest.raises(hb.UnsupportedCapability, match=r"here\. HelpSpace's new"):
            await place.desk.reply(
                ticket, text="Words.", send_email=True, send_at=datetime(2031, 1, 1, tzinfo=UTC)
            )
        with pytest.raises(hb.PartlyDone) as info:
            await place.desk.update_ticket(ticket, tags=["no-such"])
    assert "HelpSpace knows only tags" in str(info.value)
    assert "HelpSpace knows only tags" in str(info.value.failure)
    assert not [one for one in chain(info.value) if "<redacted>" in str(one)]


def test_the_name_of_the_vendor_keeps_nothing_else() -> None:
    known = Credentials("help_space")
    known.add("Bearer HelpSpace-Zq7XvB2m-Kp9Lw")
    texts = ["HelpSpace's API", "HelpSpace-Zq7XvB2m", "by Zq7XvB2m, HelpSpace"]
    assert known.strike_out_of(texts, own=True) == [
        "HelpSpace's API",
        "<redacted>",
        "by <redacted>, HelpSpace",
    ]
    assert "HelpSpace" not in known.strike_out("HelpSpace")
