"""Request Tracker 5 (Best Practical, REST 2.0) for helpdesk_bridge."""

from helpdesk_bridge_request_tracker.adapter import RequestTracker
from helpdesk_bridge_request_tracker.settings import RequestTrackerSettings

__all__ = ["RequestTracker", "RequestTrackerSettings"]
