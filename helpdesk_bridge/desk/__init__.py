"""The Helpdesk class, its methods, and what they need."""

from helpdesk_bridge.desk.helpdesk import Helpdesk, connect

__all__ = ["Helpdesk", "connect"]
