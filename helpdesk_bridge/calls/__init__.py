"""What users await, by subject: tickets, messages, attachments."""

from helpdesk_bridge.calls.attachments import AttachmentCalls
from helpdesk_bridge.calls.context import CallContext
from helpdesk_bridge.calls.reconcile import ReconcileCalls, Reconciliation, Verdict

__all__ = ["AttachmentCalls", "CallContext", "ReconcileCalls", "Reconciliation", "Verdict"]
