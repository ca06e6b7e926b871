"""Airclou for helpdesk_bridge."""

from helpdesk_bridge_airclou.adapter import Airclou
from helpdesk_bridge_airclou.settings import AirclouSettings

__all__ = ["Airclou", "AirclouSettings"]
