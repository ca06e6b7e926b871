"""Find and read ``helpdesk.toml``, and check its outline."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from helpdesk_bridge.config.registry import suggest
from helpdesk_bridge.config.table import PREFIX, DeskConfig, Table, shouted
from helpdesk_bridge.errors import ConfigurationError

__all__ = ["Config", "load_config"]

_FILE = "helpdesk.toml"
_LARGEST = 256 * 1024
"""Bytes of a file: hundreds of desks have room in it."""
_MOST_DOTS = 100
"""Dots in a line: ``tomllib`` takes a time for a dotted key that grows with the square of its
parts, a minute for 100 kB."""
_PATH_VARIABLE = "HELPDESK_BRIDGE_CONFIG"


@frozen
class Config:
    """A configuration that was read. Each desk's table is checked when the desk is asked for."""

    origin: str
    """Where it came from, for error texts: a file's path, or "the configuration given"."""
    tables: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """The ``[desks.NAME]`` tables, by the name of the desk."""
    default: str | None = None
    """The desk that is meant where none is named; None: the only one there is."""
    environ: Mapping[str, str] = field(factory=dict, repr=False, eq=False)
    """The environment variables that override values, and to which ``{ env = "…" }`` refers."""
    folder: Path = field(factory=Path, repr=False, eq=False)
    """Where relative paths begin: the file's folder; for a mapping, the working directory."""

    @property
    def desks(self) -> list[str]:
        """The names of all desks."""
        return list(self.tables)

    def desk(self, name: str | None = None) -> DeskConfig:
        """Return the desk ``name``, ready to be opened; None is the default one.

        Raises:
            ConfigurationError: it names the file, the table and the key.
        """
        name = name or self.default or self._only()
        if not isinstance(name, str):
            raise ConfigurationError(f"{self.origin}: the name of a desk is a str")
        if name not in self.tables:
            raise ConfigurationError(
                f"{self.origin}: there is no [desks.{name}]{suggest(name, self.desks)}"
            )
        table = Table(
            name,
            self.tables[name],
            origin=self.origin,
            environ=self.environ,
            folder=self.folder,
        )
        return table.build()

    def _only(self) -> str:
        if len(self.tables) == 1:
            return next(iter(self.tables))
        raise ConfigurationError(
            f"{self.origin}: say which desk, or set `default` to one of: {', '.join(self.desks)}",
            key="default",
        )


def load_config(
    source: str | Path | Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Read a configuration and check its outline; each desk is checked when it is asked for.

    An environment variable ``HELPDESK_BRIDGE__DESK__KEY`` overrides a value.

    Args:
        source: the path of a file, or a mapping of the same shape. None takes the first of: the
            path in ``HELPDESK_BRIDGE_CONFIG``, ``./helpdesk.toml``, and ``helpdesk.toml`` in the
            user's configuration folder.
        environ: the environment variables; None is those of the process.

    Returns:
        The configuration.

    Raises:
        ConfigurationError: there is none, it cannot be read, or its outline is wrong. With a file,
            a variable for a desk that the file does not have is refused, too.
    """
    environ = os.environ if environ is None else environ
    if isinstance(source, Mapping):
        return _outline("the configuration given", source, environ)
    if source is not None and not isinstance(source, (str, Path)):
        raise ConfigurationError("config must be a path or a mapping")
    path = Path(source) if source is not None else _find(environ)
    import tomllib  # only who has a file needs it

    problem: str
    try:
        data = tomllib.loads(_content(path))
    except _TooMuch as error:
        problem = str(error)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = "is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}"
    except (ValueError, RecursionError) as error:
        problem = f"cannot be read ({type(error).__name__})"
    else:
        found = attrs.evolve(_outline(str(path), data, environ), folder=path.parent)
        _check_overrides(found)
        return found
    raise ConfigurationError(f"{path} {problem}")


class _TooMuch(Exception):
    """A file is more than can be read in a moment; the text says in what."""


def _content(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise _TooMuch(f"is larger than {_LARGEST // 1024} KiB")
    text = content.decode().replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            raise _TooMuch(f"has more than {_MOST_DOTS} dots in line {number}")
    return text


def _find(environ: Mapping[str, str]) -> Path:
    if environ.get(_PATH_VARIABLE):
        return Path(environ[_PATH_VARIABLE])
    places = [Path(_FILE), _user_folder(environ) / _FILE]
    for place in places:
        if place.is_file():
            return place
    raise ConfigurationError(
        "no configuration found: give config= (--config on the command line), set"
        f" {_PATH_VARIABLE}, or write {_FILE} (looked for"
        f" {' and '.join(map(str, places))}). To try without any helpdesk:"
        ' config={"desks": {"support": {"adapter": "memory"}}}'
    )


def _user_folder(environ: Mapping[str, str]) -> Path:
    if sys.platform == "win32":
        base = environ.get("APPDATA") or str(Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "helpdesk_bridge"


def _outline(origin: str, data: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    for key in data:
        if key not in ("default", "desks"):
            raise ConfigurationError(
                f"{origin}: unknown key {key!r}{suggest(str(key), ['default', 'desks'])}",
                key=str(key),
            )
    desks = data.get("desks")
    if not isinstance(desks, Mapping) or not desks:
        raise ConfigurationError(f"{origin}: there is no [desks.NAME] table", key="desks")
    for name, table in desks.items():
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{origin}: [desks.{name}] must be a table", key=str(name))
    default = data.get("default")
    if default is not None and (not isinstance(default, str) or default not in desks):
        raise ConfigurationError(
            f"{origin}: default names {default!r}, and there is no such desk"
            f"{suggest(str(default), list(desks))}",
            key="default",
        )
    return Config(origin, {str(n): dict(t) for n, t in desks.items()}, default, environ)


def _check_overrides(config: Config) -> None:
    """Refuse a variable for a desk the file does not have: it is a slip of the pen."""
    known = [shouted(name) for name in config.desks]
    for variable in config.environ:
        if variable.startswith(PREFIX):
            desk, _, key = variable.removeprefix(PREFIX).partition("__")
            if not key or desk not in known:
                raise ConfigurationError(
                    f"environment variable {variable}: {config.origin} has no desk of that name"
                    f" (such a variable is written {_spelt(desk, key)}){suggest(desk, known)}",
                    key=variable,
                )


def _spelt(desk: str, key: str) -> str:
    """Return how a variable is written; there is no DESKS in it, as there is in the file."""
    if desk == "DESKS" and "__" in key:
        return f"{PREFIX}{key}"
    return f"{PREFIX}DESK__KEY"
