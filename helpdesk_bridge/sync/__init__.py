"""What changes on a desk: the feed, its checkpoints, and the event view."""

from helpdesk_bridge.sync.events import read_events
from helpdesk_bridge.sync.following import follow_changes
from helpdesk_bridge.sync.reading import read_changes

__all__ = ["follow_changes", "read_changes", "read_events"]
