"""Run as ``python -m helpdesk_bridge.cli``."""

from helpdesk_bridge.cli import main

main()
