"""Open the ledger that a configuration names."""

from __future__ import annotations

from datetime import timedelta

from helpdesk_bridge.delivery.ledger import KEEP, Ledger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.secret import Secret

__all__ = ["open_ledger"]


def open_ledger(place: Secret, *, origin: str, desk: str, keep: timedelta = KEEP) -> Ledger:
    """Return the ledger at ``place``: the path of a SQLite file, or the URL of a database.

    ``origin`` is what complaints call the configuration, ``desk`` the desk whose table names the
    ledger; ``keep`` is how long settled entries are kept.

    Raises ConfigurationError for a URL that no ledger of ours takes, or without its extra.
    """
    text = place.reveal()
    if "://" not in text:
        return SqliteLedger(text, keep=keep)
    from helpdesk_bridge.delivery.sql_ledger import SqlLedger

    try:
        return SqlLedger(text, keep=keep)
    except ConfigurationError as error:
        message, reason = error.message, error.reason
    raise ConfigurationError(
        f"{origin}: [desks.{desk}] ledger: {message}", key="ledger", desk=desk, reason=reason
    )
