"""Limiters that processes share: by a file always, by Redis where a server is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.transport.shared_limits import FileLimiter, RedisLimiter


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of our own on loopback, which keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server here; Debian's package redis-server has one")
    import redis

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        with redis.Redis(port=port, retry=redis.retry.Retry(_Steadily(), 100)) as client:
            client.ping()
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


class _Steadily:
    """Waits a tenth of a second between looks at a server that is still starting."""

    def reset(self) -> None: ...

    def compute(self, _failures: int) -> float:
        return 0.1


@pytest.fixture(params=["file", "redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Where the permits are kept: the kind of the limiter, and its place."""
    if request.param == "file":
        return "file", str(tmp_path / "permits.db")
    return "redis", request.getfixturevalue("redis_url")


@pytest.fixture
def make(where: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Make limiters that share their permits, as those of several processes do."""
    made: list[FileLimiter | RedisLimiter] = []
    kind, place = where

    def one(rate: str) -> FileLimiter | RedisLimiter:
        if kind == "file":
            made.append(FileLimiter(rate, place))
        else:
            made.append(RedisLimiter(rate, place, name=request.node.name))
        return made[-1]

    yield one
    for limiter in made:
        limiter.close()
