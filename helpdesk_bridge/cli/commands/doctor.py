"""``helpdesk-bridge doctor``: what is wrong with a desk, found by reading only."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console

from helpdesk_bridge.cli.console import complain, plain, say
from helpdesk_bridge.cli.doctor.diagnosis import CheckResult
from helpdesk_bridge.cli.doctor.examination import examine
from helpdesk_bridge.config import Config, load_config
from helpdesk_bridge.config.registry import taken_for_desk
from helpdesk_bridge.errors import HelpdeskError

__all__ = ["doctor"]

_STYLE = {CheckResult.OK: "green", CheckResult.WRONG: "red", CheckResult.UNCHECKED: "yellow"}


def doctor(desk: str | None = None, /, *, config: Path | None = None) -> int:
    """Check a desk, or all desks of the configuration, and say what to do about what is wrong.

    It only reads: the first page of tickets and the messages of one of them, or what else the desk
    can list, whose account it is and what that was seen to do, whether the queues, channels or
    agents of the settings are there, and which writes are open in its ledger. What nobody can tell
    is called not checked. No credential is shown. Exits with 1 if anything is wrong.

    Parameters
    ----------
    desk
        The name of a desk in the configuration, which is not that of an adapter.
    config
        The path of a helpdesk.toml, in place of the usual ones.
    """
    try:
        found = load_config(config)
    except HelpdeskError as error:
        return complain(f"{error.message}{taken_for_desk(desk)}")
    return asyncio.run(_report(found, found.desks if desk is None else [desk]))


async def _report(config: Config, names: list[str]) -> int:
    console = Console()
    count = dict.fromkeys(CheckResult, 0)
    for name in names:
        say(console, (f"desk {plain(name)}", "bold"))
        async for finding in examine(config, name):
            count[finding.result] += 1
            trouble = f"{finding.trouble}: " if finding.trouble else ""
            says = plain(f"{trouble}{finding.says} {finding.advice}")
            result = (f"  {finding.result:<11}", _STYLE[finding.result])
            say(console, result, f"  {finding.check:<13}  {says}")
    ending = f"{count[CheckResult.WRONG]} wrong" if count[CheckResult.WRONG] else "Nothing is wrong"
    say(console, f"{ending}; {count[CheckResult.UNCHECKED]} not checked.")
    return 1 if count[CheckResult.WRONG] else 0
