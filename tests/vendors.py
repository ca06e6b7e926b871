"""The vendors of this repository. The one list is that of the entry points in pyproject.toml.

Whoever adds a vendor adds an entry point; what builds, checks and tests run over follows from it,
and ``tests/packaging/test_one_list.py`` says what else the new vendor needs.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from helpdesk_bridge.testing import FakeServer
from helpdesk_bridge.testing.sandbox import fake_of

__all__ = ["ADAPTERS", "FAKES", "PACKAGES", "ROOT"]

ROOT = Path(__file__).parents[1]
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADAPTERS: dict[str, str] = _PROJECT["entry-points"]["helpdesk_bridge.adapters"]
"""``module:class`` of each adapter by its name."""
FAKES: dict[str, type[FakeServer]] = {
    name: fake for name in ADAPTERS if (fake := fake_of(name)) is not None
}
"""The fake of each adapter that speaks HTTP."""
PACKAGES: dict[str, Path] = {
    name: ROOT / "adapters" / ADAPTERS[name].partition(":")[0] for name in FAKES
}
"""The folder of each of these."""
