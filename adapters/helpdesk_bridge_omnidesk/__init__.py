"""Omnidesk (omnidesk.nl, docs.omnidesk.io) for helpdesk_bridge."""

from helpdesk_bridge_omnidesk.adapter import Omnidesk
from helpdesk_bridge_omnidesk.settings import OmnideskSettings

__all__ = ["Omnidesk", "OmnideskSettings"]
