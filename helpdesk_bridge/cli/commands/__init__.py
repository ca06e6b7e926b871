"""The commands of ``helpdesk-bridge``, one module a command."""
