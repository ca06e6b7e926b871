"""The sandbox: fakes of all vendors over one Store, to try adapters without an account."""

from __future__ import annotations

import importlib
import json
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from helpdesk_bridge.config import registry
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.model import Party, Role
from helpdesk_bridge.testing import FakeServer, Store

__all__ = ["Sandbox", "fake_of"]


_AGENTS = (
    Party(id="11", name="Ines", email="ines@helpdesk.example", role=Role.AGENT),
    Party(id="12", name="Bo", email="bo@helpdesk.example", role=Role.AGENT),
)
"""The agents of a sandbox; Request Tracker has one more, whose account the bridge uses."""


def fake_of(adapter: str) -> type[FakeServer] | None:
    """Return the fake of an installed adapter, or None if it has none."""
    where = registry.load(adapter).fake
    if where is None:
        return None
    module, _, name = where.partition(":")
    found: type[FakeServer] = getattr(importlib.import_module(module), name)
    return found


class Sandbox:
    """Starts a fake for each installed adapter that has one: ``async with Sandbox() as box``.

    ``config()`` has a desk for each, named after its adapter, for :func:`helpdesk_bridge.connect`.
    ``store`` is the helpdesk behind all of them, with its ``outbox``; None is a new one, on the
    real clock, which :meth:`Helpdesk.reconcile` needs. ``fakes`` are the servers by the same names.
    The memory adapter has no server, and is not among them: ``MemorySettings(store=box.store)`` are
    the settings of a desk of it over the same Store.
    """

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store(agents=list(_AGENTS))
        self.fakes: dict[str, FakeServer] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for name in registry.available():
            try:
                kind = fake_of(name)
            except ConfigurationError:
                continue  # somebody's adapter is broken: `helpdesk-bridge adapters` says how
            if kind is not None:
                self.fakes[name] = await self._stack.enter_async_context(kind(self.store))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def config(self) -> dict[str, Any]:
        """Return the configuration that connects to the fakes."""
        return {"desks": {name: fake.table() for name, fake in self.fakes.items()}}

    def write_config(self, folder: Path) -> Path:
        """Write that configuration as ``helpdesk.toml`` into ``folder``, and return its path."""
        path = folder / "helpdesk.toml"
        path.write_text(_toml(self.config()), encoding="utf-8")
        return path


def _toml(config: dict[str, Any]) -> str:
    """Write tables of strings, numbers and booleans; a JSON string is a TOML string as well."""
    lines: list[str] = []
    for name, table in config["desks"].items():
        lines.append(f"[desks.{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        lines.append("")
    return "\n".join(lines)
