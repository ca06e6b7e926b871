"""The call that asks whether what is configured is there."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk_bridge.desk.parts import Desk

__all__ = ["check_settings"]


async def check_settings(self: Desk) -> Sequence[str]:
    """Read whether what the settings name, such as a queue or a channel, is there.

    Returns:
        A sentence for each setting that points to nothing this account can see. None stands there
        for a setting that nobody can look for: ``desk.adapter.named_settings`` says of which and
        why, and ``doctor`` calls them not checked.

    Raises:
        HelpdeskError: it cannot be read; as the vendor or the network has it.
    """
    with self._calls.begin("check_settings"):
        return await self.adapter.check_settings()
