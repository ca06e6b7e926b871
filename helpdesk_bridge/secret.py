"""Secret: a credential that is never printed or logged by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn

__all__ = ["Secret"]


class Secret:
    """A credential. It prints as ``***``, and cannot be pickled; :meth:`reveal` returns it.

    ``value`` is the credential as a str, or another Secret; anything else is a TypeError.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | Secret) -> None:
        found = value.reveal() if isinstance(value, Secret) else value
        if not isinstance(found, str):
            kind = type(found).__name__
            del value, found  # whoever shows a traceback with its locals must not show them
            raise TypeError(f"a Secret is made of a str, not of {kind}")
        self._value: str = found

    def reveal(self) -> str:
        """Return the credential itself, as a str."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (s._value.encode(errors="surrogatepass") for s in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: pass the configuration, not the credential")
