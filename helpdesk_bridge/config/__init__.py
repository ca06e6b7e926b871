"""From ``helpdesk.toml`` and the environment to a desk's settings and its adapter."""

from helpdesk_bridge.config.loader import (
    Config,
    DeskConfig,
    load_config,
)

__all__ = [
    "Config",
    "DeskConfig",
    "load_config",
]
