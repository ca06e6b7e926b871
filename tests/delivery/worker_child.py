"""Runs the worker of the examples with a vendor that is given little time."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path

from helpdesk_bridge.config import load_config
from helpdesk_bridge.desk import helpdesk

WORKER = Path(__file__).parents[2] / "examples" / "worker" / "worker.py"
PATIENCE = 0.3
"""Seconds in which the fake has surely carried out what it has received."""


def main(config: str, jobs: str) -> None:
    """Work."""
    spec = importlib.util.spec_from_file_location("worker", WORKER)
    assert spec is not None
    assert spec.loader is not None
    worker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worker)
    data = json.loads(Path(config).read_text(encoding="utf-8"))
    adapter = load_config(data).desk().adapter
    adapter.visible_after = adapter.gives_up_after = PATIENCE
    helpdesk.load_config = lambda _: load_config(data)
    asyncio.run(worker.main(config, jobs))


if __name__ == "__main__":
    main(*sys.argv[1:])
