"""What users await, by subject: tickets, messages, attachments."""

from helpdesk_bridge.calls.attachments import AttachmentCalls
from helpdesk_bridge.calls.context import CallContext
from helpdesk_bridge.calls.messages import MessageCalls

__all__ = ["AttachmentCalls", "CallContext", "MessageCalls"]
