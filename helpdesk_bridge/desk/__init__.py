"""The object users await, and what stands behind each of its methods."""

from helpdesk_bridge.desk.helpdesk import Helpdesk, connect

__all__ = ["Helpdesk", "connect"]
