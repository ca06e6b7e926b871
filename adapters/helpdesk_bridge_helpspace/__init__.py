"""HelpSpace for helpdesk_bridge."""

from helpdesk_bridge_helpspace.adapter import HelpSpace
from helpdesk_bridge_helpspace.settings import HelpSpaceSettings

__all__ = ["HelpSpace", "HelpSpaceSettings"]
