"""Acme keeps every promise of the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from helpdesk_bridge.testing.conformance import Account, AdapterSuite, fake_account

from helpdesk_bridge_acme.fake import AcmeFake


class TestAcme(AdapterSuite):
    """The whole suite, on the fake."""

    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        """Start an empty Acme Desk."""
        async with AcmeFake() as fake:
            yield fake_account(fake, stranger={"token": "wrong"})
