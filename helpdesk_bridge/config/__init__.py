"""From ``helpdesk.toml`` and the environment to a desk's settings and its adapter."""

from helpdesk_bridge.config.loader import Config, load_config
from helpdesk_bridge.config.table import DeskConfig

__all__ = ["Config", "DeskConfig", "load_config"]
