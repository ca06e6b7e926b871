"""The settings of a memory desk."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from attrs import field, frozen

from helpdesk_bridge.kit import errors, sealed
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.model.disk import from_root, is_address, kept_nowhere

__all__ = ["MemorySettings"]


def _path(value: str | Path | None) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, (str, Path)) or not str(value):
        raise errors.ConfigurationError("must be the path of a file", key="path")
    if is_address(str(value)):
        raise errors.ConfigurationError("must be the path of a file, and no URL", key="path")
    if trouble := kept_nowhere(Path(value)):
        raise errors.ConfigurationError(f"the path of the file {trouble}", key="path")
    try:
        return from_root(Path(value))
    except errors.ConfigurationError as error:
        message = error.message
    raise errors.ConfigurationError(message, key="path")


@sealed
@frozen(kw_only=True)
class MemorySettings:
    """Settings of a memory desk: it is kept in a Store, or in a file that outlives the process.

    Both together are a ConfigurationError, and so is a URL in place of a path. With a file, a
    change is on the disk when the call that made it returns. The first call opens and locks the
    file, and closing the desk unlocks it; no other desk can use it meanwhile. If the file cannot be
    used, that call raises ConfigurationError.
    """

    adapter: ClassVar[str] = "memory"
    path: Path | None = field(default=None, converter=_path)
    """The file, a str or a Path; it is made if there is none, in a folder that exists. A relative
    path begins at the folder of the configuration file, or else at the working directory. None:
    the desk is kept in ``store``."""
    store: Store | None = field(default=None, repr=False)
    """The Store that the desk works on; left out without a path, it is a new, empty one. With a
    path it is None, and ``desk.adapter.store`` is the Store."""

    def __attrs_post_init__(self) -> None:
        if self.path is not None and self.store is not None:
            raise errors.ConfigurationError(
                "the desk is kept either in a file or in a store: give path or store.", key="path"
            )
        if self.path is None and self.store is None:
            object.__setattr__(self, "store", Store())
