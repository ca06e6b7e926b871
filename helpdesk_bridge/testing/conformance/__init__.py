"""The conformance suite of adapters: subclass :class:`AdapterSuite`, give it an account.

.. code-block:: python

    from contextlib import asynccontextmanager

    from helpdesk_bridge.testing.conformance import AdapterSuite, fake_account


    class TestAcme(AdapterSuite):
        @asynccontextmanager
        async def account(self):
            async with AcmeFake() as fake:
                yield fake_account(fake)

Every capability is tested: what the adapter offers must work, and what it does not offer must be
refused without a request. Nothing is skipped. The suite asks the account's :class:`Witness` what
happened, not the adapter. It needs pytest and pytest-asyncio (the extra ``[testing]``), and reads
best with ``pytest_plugins = ["helpdesk_bridge.testing.plugin"]`` in the top ``conftest.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio

from helpdesk_bridge.testing.conformance.account import (
    Account,
    Letter,
    Place,
    Seen,
    StoreWitness,
    Witness,
)
from helpdesk_bridge.testing.conformance.accounts import fake_account, memory_account
from helpdesk_bridge.testing.conformance.assigning import AssigningPromises
from helpdesk_bridge.testing.conformance.changes import ChangePromises
from helpdesk_bridge.testing.conformance.combined import CombinedFilterPromises
from helpdesk_bridge.testing.conformance.filters import FilterPromises
from helpdesk_bridge.testing.conformance.messages import MessagePromises
from helpdesk_bridge.testing.conformance.orders import OrderPromises
from helpdesk_bridge.testing.conformance.people import PeoplePromises
from helpdesk_bridge.testing.conformance.refusals import RefusalPromises
from helpdesk_bridge.testing.conformance.sending import SendingPromises
from helpdesk_bridge.testing.conformance.tickets import TicketPromises

__all__ = [
    "Account",
    "AdapterSuite",
    "Letter",
    "Place",
    "Seen",
    "StoreWitness",
    "Witness",
    "fake_account",
    "memory_account",
]


@pytest.mark.asyncio
class AdapterSuite(
    TicketPromises,
    FilterPromises,
    CombinedFilterPromises,
    OrderPromises,
    PeoplePromises,
    AssigningPromises,
    MessagePromises,
    SendingPromises,
    ChangePromises,
    RefusalPromises,
):
    """All promises of the contract. Override :meth:`account`, and nothing else."""

    def account(self) -> AbstractAsyncContextManager[Account]:
        """Open a new, empty account: start the fake or server, and say what the account has.

        Returns:
            An async context manager, which gives the account.
        """
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def place(self) -> AsyncIterator[Place]:
        """Open a desk on a new account for each test."""
        async with self.account() as account, account.open() as desk:
            yield Place(desk=desk, account=account)
