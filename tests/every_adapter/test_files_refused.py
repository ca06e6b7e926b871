"""A file that cannot be sent or saved is refused with what is wrong, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import opened


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
