"""A quiet place to run the commands in, and vendors that answer as a test wants."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from aiohttp import web
from attrs import define, field, frozen

from helpdesk_bridge.cli.app import app

Answer: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@frozen
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """All that was printed, whatever the lines."""
        return " ".join(f"{self.out} {self.err}".split())

    def line(self, check: str) -> str:
        """Return the doctor's line about ``check``."""
        [line] = [line for line in self.out.splitlines() if f"  {check}  " in f"{line}  "]
        return " ".join(line.split())


Run: TypeAlias = Callable[..., Ran]
Write: TypeAlias = Callable[..., Path]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, no configuration anywhere, a wide terminal without colours."""
    empty = tmp_path / "work"
    empty.mkdir()
    monkeypatch.chdir(empty)
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("HELPDESK_BRIDGE_CONFIG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return empty


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command of the app in this thread."""

    def call(*words: str) -> Ran:
        with pytest.raises(SystemExit) as info:
            app(words)
        code = info.value.code
        assert isinstance(code, int)
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture
def run_beside(run: Run) -> Callable[..., Awaitable[Ran]]:
    """Run a command in another thread, so that a server in this loop can answer it."""

    async def call(*words: str) -> Ran:
        return await asyncio.to_thread(run, *words)

    return call


@pytest.fixture
def write(folder: Path) -> Write:
    """Write ``helpdesk.toml`` from the tables of desks and return its path."""

    def put(**desks: Mapping[str, Any]) -> Path:
        lines: list[str] = []
        for name, table in desks.items():
            lines.append(f"[desks.{name}]")
            plain = {k: v for k, v in table.items() if not isinstance(v, dict)}
            lines += [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
            for inner in (k for k in table if k not in plain):
                lines.append(f"[desks.{name}.{inner}]")
                lines += [f"{key} = {json.dumps(value)}" for key, value in table[inner].items()]
        path = folder / "helpdesk.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return put


@define
class Vendor:
    """A server that gives every request the same answer, and keeps what was asked."""

    answer: Answer
    port: int = 0
    seen: list[tuple[str, str]] = field(factory=list)

    @property
    def origin(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        return await self.answer(request)


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Callable[[Answer], Awaitable[Vendor]]]:
    """Start vendors on loopback."""
    runners: list[web.AppRunner] = []

    async def start(answer: Answer) -> Vendor:
        vendor = Vendor(answer)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", vendor.serve)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        vendor.port = runner.addresses[0][1]
        return vendor

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it meanwhile
        yield one.getsockname()[1]
