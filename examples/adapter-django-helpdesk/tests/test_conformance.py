"""django-helpdesk keeps every promise of the contract, on two real sites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from helpdesk_bridge.testing.conformance import Account, AdapterSuite
from live import Server, account


class OnDjangoHelpdesk(AdapterSuite):
    """The suite on a server that the subclass chooses."""

    server: Server

    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        """Empty the server."""
        yield account(self.server)


class TestDefaults(OnDjangoHelpdesk):
    """User and password, 403 for wrong ones, and no notes, for they would be mailed."""

    @pytest.fixture(autouse=True)
    def _choose(self, plain: Server) -> None:
        self.server = plain


class TestStrict(OnDjangoHelpdesk):
    """A token, 401 for a wrong one, and notes."""

    @pytest.fixture(autouse=True)
    def _choose(self, strict: Server) -> None:
        self.server = strict
