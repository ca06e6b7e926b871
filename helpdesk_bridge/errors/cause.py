"""The causes of errors: of a foreign exception only its class and its number are kept."""

from __future__ import annotations

__all__ = ["Cause"]


class Cause(Exception):
    """Stands in a traceback where an exception of aiohttp, the system or a parser was.

    Theirs may hold headers, addresses and words of a customer. ``name`` is the name of its class,
    ``errno`` its number (None: it has none). It hangs on an error as ``__cause__``; nobody raises
    it.
    """

    def __init__(self, name: str, errno: int | None = None) -> None:
        super().__init__(name, errno)
        self.name = name
        self.errno = errno

    @classmethod
    def of(cls, error: BaseException) -> Cause:
        """Return what may be told of ``error``."""
        number = getattr(error, "errno", None)
        return cls(type(error).__name__, number if type(number) is int else None)

    def __str__(self) -> str:
        return self.name if self.errno is None else f"{self.name}, errno {self.errno}"
