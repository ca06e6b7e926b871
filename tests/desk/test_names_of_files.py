"""Names that others choose: they stay names, in a multipart body and on the disk."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import helpdesk_bridge as hb
from helpdesk_bridge.desk import download as files
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.testing import FaultServer, MemorySettings
from helpdesk_bridge.transport import (
    Effect,
    Explanation,
    Operation,
    Part,
    Transport,
    TransportOptions,
)
from helpdesk_bridge.transport.urls import base_url

HOSTILE = st.text(st.sampled_from('ab"\\\r\n\0;=:/.%-\t é\u202e\u2028\ud800'), max_size=12)
NAMES = st.one_of(st.text(max_size=20), HOSTILE)
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


async def sent(parts: list[Part]) -> tuple[str, bytes] | None:
    """Return the type and the body of a multipart request; None when it was refused unsent."""
    async with FaultServer() as server:
        transport = Transport(
            base_url(server.url),
            TransportOptions(max_attempts=1),
            desk="it",
            error_codes={},
            explain=lambda _: Explanation(),
        )
        try:
            await transport.send(
                Operation("reply", Effect.UNSAFE_WRITE), "POST", ("t",), multipart=parts
            )
        except InvalidArgument:
            assert server.requests == []
            return None
        finally:
            await transport.aclose()
        (request,) = server.requests
        return request.headers["content-type"], request.body


@SLOW
@given(NAMES, st.one_of(st.none(), NAMES), HOSTILE)
@example("a", 'x"; filename="y', "c")
@example('a"\r\nX-Evil: 1\r\n\r\nx', "f", "c")
@example("a", "f\r\nContent-Type: text/html", "c")
def test_no_name_adds_a_part_or_a_header_to_a_multipart_body(
    name: str, filename: str | None, text: str
) -> None:
    content = text.encode(errors="replace")
    told = asyncio.run(
        sent(
            [
                Part(name="first", content="1"),
                Part(name=name, filename=filename, content="x" if filename is None else content),
                Part(name="last", content="2"),
            ]
        )
    )
    if told is None:
        return
    boundary = re.fullmatch(r"multipart/form-data; boundary=([0-9a-f]+)", told[0])
    assert boundary
    parts = told[1].split(b"--" + boundary.group(1).encode())[1:-1]
    assert len(parts) == 3
    for part, body in zip(parts, (b"1", b"x" if filename is None else content, b"2"), strict=True):
        head, _, rest = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        assert rest == body + b"\r\n"
        names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")]
        assert len(names) == len(set(names))
        assert set(names) <= {b"content-type", b"content-disposition"}
        assert not any(control in head.replace(b"\r\n", b"") for control in (b"\r", b"\n", b"\0"))


@given(NAMES)
def test_the_name_of_an_upload_is_one_name_or_refused(name: str) -> None:
    try:
        upload = hb.Upload(name, data=b"")
    except InvalidArgument:
        return
    assert not set(upload.name) & set('/\\"\r\n\0')


async def saved(directory: Path, name: str, times: int) -> list[Path]:
    """Save a file under the name that a vendor gives it, several times."""
    settings = MemorySettings()
    async with hb.Helpdesk(settings) as desk:
        ticket = await desk.create_ticket(
            subject="S",
            requester="li@a.example",
            text="Hello",
            attachments=[hb.Upload("a.txt", data=b"true")],
        )
        message = (await desk.messages(ticket)).items[0]
        file = hb.Attachment(id=message.attachments[0].id, name=name)
        return [await desk.save_attachment(file, directory) for _ in range(times)]


FILE_NAMES = st.one_of(
    NAMES,
    st.sampled_from(
        [
            "../../etc/passwd",
            "..\\..\\boot.ini",
            "/etc/passwd",
            "C:\\x",
            "a.txt:stream",
            "..",
            ".",
            "",
            "CON",
            "nul.txt",
            "com1 .log",
            "~",
            "-rf",
            "x" * 300,
            "é" * 300,
            ".bashrc",
            "link",
        ]
    ),
)


@SLOW
@given(FILE_NAMES)
def test_a_file_lands_in_its_directory_whatever_its_name(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        outside, inside = Path(root, "outside"), Path(root, "inside")
        inside.mkdir()
        outside.write_bytes(b"untouched")
        (inside / "link").symlink_to(outside)
        (inside / hb.Attachment(id="1", name=name).safe_name).touch()
        paths = asyncio.run(saved(inside, name, 2))
        assert len(set(paths)) == 2
        for path in paths:
            assert path.parent == inside
            assert not path.is_symlink()
            assert path.read_bytes() == b"true"
            assert path.name.partition(".")[0].strip().lower() not in ("con", "nul", "com1")
        assert outside.read_bytes() == b"untouched"
        assert {path.name for path in Path(root).iterdir()} == {"outside", "inside"}


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.rglob("*")]


@pytest.mark.parametrize("name", ["../a", "a/b", "/etc/passwd", "..", ".", ""])
@pytest.mark.asyncio
async def test_a_name_that_is_a_path_is_never_written(tmp_path: Path, name: str) -> None:
    async def nothing() -> object:
        for chunk in ():
            yield chunk

    (tmp_path / "in").mkdir()
    with pytest.raises(InvalidArgument):
        await files.save(nothing(), tmp_path / "in", name)  # type: ignore[arg-type]
    assert _names(tmp_path) == ["in"]
