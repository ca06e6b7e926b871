"""Measure everything and write it down: ``python -m benchmarks [ROUNDS] [FOLDER]``.

Times of different runs mean nothing beside each other; the ratios within one run do.
"""

from __future__ import annotations

import asyncio
import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import memory, reading, report, steps

ROOT = Path(__file__).parent.parent
_COSTS = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
_PACKAGES = ("aiohttp", "attrs", "cattrs", "msgspec", "orjson", "httpx", "pydantic", "openai")


@contextmanager
def _serving() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None  # noqa: S101
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()


def _child(*arguments: str) -> float:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(done.stdout)


def _imports(rounds: int) -> reading.Rounds:
    names = ("aiohttp", "helpdesk_bridge")
    found = [{n: _child("-c", _COSTS.format(n)) for n in names} for _ in range(rounds + 1)]
    return found[1:]


def measure(rounds: int) -> dict[str, Any]:
    """Return every figure, round by round."""
    with _serving() as origin:
        return {
            "python": platform.python_version(),
            "versions": {name: version(name) for name in _PACKAGES},
            "rounds": rounds,
            "reading": asyncio.run(reading.reading(origin, rounds)),
            "steps": asyncio.run(steps.steps(origin, rounds)),
            "overhead": asyncio.run(reading.overhead(origin, rounds)),
            "latency": asyncio.run(reading.latency(origin, rounds)),
            "streaming": asyncio.run(reading.streaming(origin, rounds)),
            "imports": _imports(rounds),
            "memory": {
                what: _child("-m", "benchmarks.memory", what, origin) for what in memory.KINDS
            },
        }


def main() -> None:
    """Measure, and write results.json, README.md and the plot."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    results = measure(rounds)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    table = report.table(results)
    (folder / "README.md").write_text(table)
    report.plot(results, folder)
    print(table)  # noqa: T201


if __name__ == "__main__":
    main()
