"""What is configured for a desk in memory."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from attrs import field, frozen

from helpdesk_bridge.kit import errors
from helpdesk_bridge.memory.store import Store

__all__ = ["MemorySettings"]


def _path(value: str | Path | None) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, (str, Path)) or not str(value):
        raise errors.ConfigurationError("must be the path of a file", key="path")
    return Path(value)


@frozen(kw_only=True)
class MemorySettings:
    """A desk in memory, or with ``path`` (a str or a Path) one that outlives its process.

    ``path`` is a file that the desk makes if there is none, in a folder that exists; a relative
    one begins where the configuration file is, or else at the working directory. What a call has
    returned for is on the disk. The first call opens and locks the file, closing the desk unlocks
    it; no second desk can have it meanwhile. A file that cannot be used is a ConfigurationError of
    that call.

    ``store`` is what the desk works on without a path (default: a new, empty one; with a path it
    is None, and the desk has ``desk.adapter.store``). Both together are a ConfigurationError.
    """

    adapter: ClassVar[str] = "memory"
    path: Path | None = field(default=None, converter=_path)
    store: Store | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.path is not None and self.store is not None:
            raise errors.ConfigurationError(
                "the desk is kept either in a file or in a store: give path or store.", key="path"
            )
        if self.path is None and self.store is None:
            object.__setattr__(self, "store", Store())
