"""E-mail addresses, alike in every spelling that leads to the same mailbox."""

from __future__ import annotations

from contextlib import suppress

from yarl import URL

from helpdesk_bridge.model.normalisation import normalised
from helpdesk_bridge.model.text import caseless

__all__ = ["address_key", "address_spellings", "same_address"]

_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
"""What separates labels beside a full stop (UTS 46, 4)."""
_MOST = 253
"""Characters of a domain name (RFC 1035); to encode a longer one would cost time for nothing."""


def same_address(one: str | None, other: str | None) -> bool:
    """Say whether ``one`` and ``other`` are spellings of one address; None and "" are nobody's.

    What does not count: case, Unicode composition (NFC or NFD), white space around it, a full stop
    at the end of the domain, and whether its labels are readable (``bücher.example``) or encoded
    (``xn--bcher-kva.example``). Vendors ignore the case before the ``@``, and so do we.
    """
    return bool(one and other) and address_key(one) == address_key(other)


def address_key(address: str | None) -> str:
    """Return what all spellings of ``address`` have in common; "" for None.

    The domain is encoded by IDNA 2008 with the mapping of UTS 46 (yarl does it), so that
    ``straße.example`` is another domain than ``strasse.example``, as it is in the DNS. A domain
    that cannot be encoded is compared by its letters.
    """
    text = (address or "").strip()
    if text.isascii() and "xn--" not in text.lower():  # almost all, and a thousand in a list
        return text.rstrip(".").lower()
    name, at, domain = text.rpartition("@")
    return f"{caseless(name)}@{_encoded(_readable(domain))}" if at else caseless(text)


def address_spellings(address: str) -> tuple[str, ...]:
    """Return the usual spellings of ``address``, for a vendor that compares them by letters.

    The first is the one that was given; case alone makes no other. Of most addresses there is one.
    """
    name, at, domain = address.strip().rpartition("@")
    if not at:
        return (address.strip(),)
    readable = _readable(domain)
    forms: dict[str, str] = {}
    for form in (domain.rstrip("."), _encoded(readable), readable):
        forms.setdefault(form.lower(), form)
    return tuple(f"{name}@{form}" for form in forms.values())


def _readable(domain: str) -> str:
    """Return a domain with its labels decoded, in lower case, without a full stop at its end."""
    domain = normalised("NFC", domain).translate(_DOTS).lower().rstrip(".")
    return ".".join([_decoded(label) for label in domain.split(".")])


def _decoded(label: str) -> str:
    if label.startswith("xn--") and len(label) <= _MOST:
        with suppress(UnicodeError):
            readable = label[4:].encode("ascii").decode("punycode").lower()
            return label if readable.isascii() else readable  # "xn--a-" is not "a"
    return label


def _encoded(domain: str) -> str:
    if domain.isascii() or len(domain) > _MOST:
        return domain
    with suppress(ValueError, TypeError):  # whatever is no host name
        host = URL.build(scheme="https", host=domain).raw_host
        if host is not None:
            return host
    return caseless(domain)
