"""Acme Desk for helpdesk_bridge."""

from helpdesk_bridge_acme.adapter import Acme
from helpdesk_bridge_acme.settings import AcmeSettings

__all__ = ["Acme", "AcmeSettings"]
