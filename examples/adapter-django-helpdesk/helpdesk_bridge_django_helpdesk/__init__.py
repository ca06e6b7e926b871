"""django-helpdesk for helpdesk_bridge."""

from helpdesk_bridge_django_helpdesk.adapter import DjangoHelpdesk
from helpdesk_bridge_django_helpdesk.settings import DjangoHelpdeskSettings

__all__ = ["DjangoHelpdesk", "DjangoHelpdeskSettings"]
