"""Configuration: ``helpdesk.toml`` and environment variables become settings of desks."""

from helpdesk_bridge.config.loader import Config, load_config
from helpdesk_bridge.config.table import DeskConfig

__all__ = ["Config", "DeskConfig", "load_config"]
