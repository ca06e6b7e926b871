"""The call that asks whether what is configured is there."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk_bridge.desk.parts import Desk

__all__ = ["check_settings"]


async def check_settings(self: Desk) -> Sequence[str]:
    """Read whether what the settings name, such as a queue or a channel, is there.

    Returns:
        A sentence for each setting that points to nothing this account can see. It is empty where
        all of them are there, and where the adapter cannot tell.

    Raises:
        HelpdeskError: it cannot be read; as the vendor or the network has it.
    """
    with self._calls.begin("check_settings"):
        return await self.adapter.check_settings()
