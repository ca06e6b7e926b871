"""A file that cannot be sent or saved is refused with what is wrong, and nothing is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import ADAPTERS, opened


def here() -> set[str]:
    return {path.name for path in Path().iterdir()}


@pytest.mark.asyncio
async def test_no_directory_is_not_the_working_directory() -> None:
    async with opened("memory") as place:
        ticket = await place.desk.create_ticket(
            subject="Next",
            requester="li@c.example",
            text="Some words.",
            attachments=[hb.Upload("a.txt", data=b"a")],
        )
        (message,) = await place.conversation(ticket)
        (file,) = message.attachments
        before = here()
        with pytest.raises(hb.InvalidArgument, match="directory is empty"):
            await place.desk.save_attachment(file, "")
        assert here() == before


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ["memory", "helpspace"])
async def test_the_file_that_cannot_be_read_is_told_of_several(
    adapter: str, tmp_path: Path
) -> None:
    async with opened(adapter) as place:
        ticket = await place.desk.create_ticket(
            subject="Next", requester="li@c.example", text="Some words."
        )
        before = place.requests
        files = [hb.Upload("a.txt", data=b"a"), hb.Upload("b.txt", data=tmp_path / "gone")]
        with pytest.raises(hb.InvalidArgument, match="attachment 2 cannot be read"):
            await place.desk.reply(ticket, text="Words.", send_email=True, attachments=files)
        assert place.requests == before


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("kind", [ConnectionResetError, TimeoutError, RuntimeError])
async def test_what_an_iterable_raises_comes_before_the_write(
    adapter: str, kind: type[Exception]
) -> None:
    raised = kind("its own")

    async def source() -> AsyncIterator[bytes]:
        yield b"a"
        raise raised

    async with opened(adapter) as place:
        ticket = await place.desk.create_ticket(
            subject="Next", requester="li@c.example", text="Some words."
        )
        before = place.requests
        files = [hb.Upload("a.txt", data=source(), size=2)]
        with pytest.raises((kind, hb.UnsupportedCapability)) as caught:
            await place.desk.reply(ticket, text="Words.", send_email=True, attachments=files)
        assert caught.value is raised or isinstance(caught.value, hb.UnsupportedCapability)
        assert place.requests == before
        assert not place.mails


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_chunk_of_text_is_refused_before_the_write(adapter: str) -> None:
    async def source() -> AsyncIterator[str]:
        yield "a"

    async with opened(adapter) as place:
        files = [hb.Upload("a.txt", data=source(), size=1)]  # type: ignore[arg-type]
        with pytest.raises((hb.InvalidArgument, hb.UnsupportedCapability)) as caught:
            await place.desk.create_ticket(
                subject="Next", requester="li@c.example", text="Words.", attachments=files
            )
        assert "gave str" in str(caught.value) or isinstance(caught.value, hb.UnsupportedCapability)
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        assert not place.requests
