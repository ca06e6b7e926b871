"""Run the command line as ``python -m helpdesk_bridge``."""

from helpdesk_bridge.cli import main

main()
