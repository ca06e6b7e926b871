"""Open the ledger that a configuration names."""

from __future__ import annotations

from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.secret import Secret

__all__ = ["open_ledger"]


def open_ledger(place: Secret) -> Ledger:
    """Return the ledger at ``place``: the path of a SQLite file, or the URL of a database.

    Raises ConfigurationError for a URL that no ledger of ours takes, or without its extra.
    """
    text = place.reveal()
    if "://" not in text:
        return SqliteLedger(text)
    from helpdesk_bridge.delivery.sql_ledger import SqlLedger

    return SqlLedger(text)
