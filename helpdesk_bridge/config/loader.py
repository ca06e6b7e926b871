"""Find and read ``helpdesk.toml``, and check its outline."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from enum import Enum, auto
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn, Self

import attrs
from attrs import field, frozen

from helpdesk_bridge.config import files, showable
from helpdesk_bridge.config.registry import suggest, taken_for_desk
from helpdesk_bridge.config.table import PREFIX, DeskConfig, Table, how_to_name, shouted
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.errors.frames import without_frames
from helpdesk_bridge.model.disk import from_root, is_address, working_directory

__all__ = ["Config", "check_asked", "load_config"]

_FILE = "helpdesk.toml"
_MOST_DOTS = 100
"""Dots in a line: ``tomllib`` takes a time for a dotted key that grows with the square of its
parts, a minute for 100 kB."""
_NOT_BARE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{0,5}'
    r"|'''(?:[^']|'(?!''))*+'{0,5}"
    r'|"(?:[^"\\\n]|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
"""Strings and comments, whose dots part no key. Behind a string without an end nothing is read; it
matches, so that each character is looked at once."""
_PATH_VARIABLE = "HELPDESK_BRIDGE_CONFIG"
_PLAIN_WORDS = re.compile(r"[A-Za-z ,-]+")


class _Place(Enum):
    """Where a file was: what was only found is trusted less than what somebody named."""

    NAMED = auto()
    USER_FOLDER = auto()
    WORKING_DIRECTORY = auto()


@frozen
class Config:
    """A configuration that was read. Each desk's table is checked when the desk is asked for.

    It holds credentials and the environment, and cannot be pickled, which is a TypeError.
    """

    origin: str
    """Where it came from, for error texts: a file's path, or "the configuration given"."""
    tables: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """The ``[desks.NAME]`` tables, by the name of the desk."""
    default: str | None = None
    """The desk that is meant where none is named; None: the only one there is."""
    environ: Mapping[str, str] = field(factory=dict, repr=False, eq=False)
    """The environment variables that override values, and to which ``{ env = "…" }`` refers."""
    folder: Path = field(factory=working_directory, repr=False, eq=False)
    """Where relative paths begin, from the root on: the file's folder, or for a mapping the working
    directory in which it was read."""
    only_found: bool = field(default=False, eq=False)
    """Whether nobody named the file: it was found in the working directory. It may reach for no
    variable, no other file and no code."""

    @property
    def desks(self) -> list[str]:
        """The names of all desks."""
        return list(self.tables)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Config cannot be pickled: pass its path, and read it there")

    @without_frames
    def desk(self, name: str | None = None) -> DeskConfig:
        """Return the desk ``name``, ready to be opened; None is the default one.

        Raises:
            ConfigurationError: it names the file, the table and the key.
        """
        check_asked(name)
        if name is None:
            name = self._only() if self.default is None else self.default
        if name not in self.tables:
            raise ConfigurationError(
                f"{self.origin}: there is no [desks.{showable.key(name)}]"
                f"{taken_for_desk(name)}{suggest(name, self.desks)}"
            )
        table = Table(
            name,
            self.tables[name],
            origin=self.origin,
            environ=self.environ,
            folder=self.folder,
            only_found=self.only_found,
        )
        return table.build()

    def _only(self) -> str:
        if len(self.tables) == 1:
            return next(iter(self.tables))
        raise ConfigurationError(
            f"{self.origin}: say which desk, or set `default` to one of: {', '.join(self.desks)}",
            key="default",
        )


def check_asked(name: object) -> None:
    """Refuse what is no name of a desk, before any configuration is looked for.

    ``name`` None is the default desk. An empty one is a variable that is not set, whose desk is not
    the default one. Raises ConfigurationError.
    """
    if name is None:
        return
    if not isinstance(name, str):
        raise ConfigurationError(
            "the name of a desk is a str; give the configuration itself, or its path, as config="
        )
    if not name.strip():
        raise ConfigurationError("the name of a desk is empty; without one it is the default desk")


@without_frames
def load_config(
    source: str | Path | Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Read a configuration and check its outline; each desk is checked when it is asked for.

    An environment variable ``HELPDESK_BRIDGE__DESK__KEY`` overrides a value.

    A ``./helpdesk.toml`` that nobody named may have come with any download. It may hold values, and
    paths below its folder; where it wants a variable, another file or code, the desk is refused
    until somebody names it, by ``source`` or by ``HELPDESK_BRIDGE_CONFIG``. A file that was found
    and belongs to another user, or that everybody may write to, is refused altogether.

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
    path, place = _located(source, environ)
    import tomllib  # only who has a file needs it

    problem: str
    try:
        text, known = files.read(path)
        doubt = "" if place is _Place.NAMED else files.doubt_of(known)
        if doubt:
            problem = f"was only found, and {doubt}. If you trust it, name it: {how_to_name(path)}"
        else:
            return _checked(tomllib.loads(_parsable(text)), path, environ, place)
    except files.Unreadable as error:
        problem = str(error)
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {_fault(str(error))}"
    except ConfigurationError:
        raise
    except (ValueError, RecursionError) as error:
        problem = f"cannot be read ({type(error).__name__})"
    raise ConfigurationError(f"{_shown(path)} {problem}")


def _shown(path: Path) -> str:
    """Return the path of a file that is there, or is written like one; what else may be a text."""
    shown = str(path) if os.path.lexists(path) else showable.path(str(path))
    if shown == str(path):
        return shown
    return f"config= and {_PATH_VARIABLE} take the path of a file: what is given {shown}"


def _located(source: str | Path | None, environ: Mapping[str, str]) -> tuple[Path, _Place]:
    """Return where the configuration is, and who said so."""
    if source is None:
        path, place = _find(environ)
    elif not isinstance(source, (str, Path)):
        raise ConfigurationError("config must be a path or a mapping")
    elif not str(source):
        raise ConfigurationError("config is an empty path; without one it is looked for")
    else:
        path, place = Path(source), _Place.NAMED
    if is_address(str(path)):
        raise ConfigurationError("the configuration is the path of a file, and no URL")
    return path, place


def _parsable(text: str) -> str:
    """Return the text of a file with one kind of line ends; Unreadable if it takes too long."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    bare = _NOT_BARE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(bare.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            raise files.Unreadable(f"has more than {_MOST_DOTS} dots in line {number}")
    return text


def _checked(
    data: Mapping[str, Any], path: Path, environ: Mapping[str, str], place: _Place
) -> Config:
    found = attrs.evolve(
        _outline(str(path), data, environ),
        folder=from_root(path.parent),
        only_found=place is _Place.WORKING_DIRECTORY,
    )
    _check_overrides(found)
    return found


def _fault(said: str) -> str:
    """Return what tomllib says without what it quotes, which may be a secret out of place."""
    words, _, place = said.partition(" (at ")
    if words.startswith(("Cannot ", "Duplicate ", "Can't ")):
        words = "a key or a table stands there twice"
    elif not _PLAIN_WORDS.fullmatch(words):
        words = "it cannot be understood"
    return f"{words} (at {place}" if place else words


def _find(environ: Mapping[str, str]) -> tuple[Path, _Place]:
    named = environ.get(_PATH_VARIABLE)
    if named == "":
        raise ConfigurationError(
            f"environment variable {_PATH_VARIABLE} is empty: set it to the path of a file, or"
            " unset it"
        )
    if named is not None:
        return Path(named), _Place.NAMED
    here = Path(_FILE)
    folder = _user_folder(environ)
    own = None if folder is None else folder / _FILE
    if os.path.lexists(here):  # a folder or a dead link of that name is told of
        if own is None or not (own.exists() and here.exists() and here.samefile(own)):
            return here, _Place.WORKING_DIRECTORY
        return own, _Place.USER_FOLDER  # what it names lies there, and not where a link to it is
    if own is not None and os.path.lexists(own):
        return own, _Place.USER_FOLDER
    places = [here] if own is None else [here, own]
    raise ConfigurationError(
        "no configuration found: give config= (--config on the command line), set"
        f" {_PATH_VARIABLE}, or write {_FILE} (looked for"
        f" {' and '.join(map(str, places))}). To try without any helpdesk:"
        ' config={"desks": {"support": {"adapter": "memory"}}}'
    )


def _user_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the user's configuration folder; None: the user has no home."""
    given = {"win32": "APPDATA", "darwin": None}.get(sys.platform, "XDG_CONFIG_HOME")
    if given is not None and environ.get(given):
        return Path(environ[given]) / "helpdesk_bridge"
    parts = {"win32": ("AppData", "Roaming"), "darwin": ("Library", "Application Support")}
    try:
        home = Path.home()
    except RuntimeError:  # no HOME, and a user whom the machine does not know
        return None
    return home.joinpath(*parts.get(sys.platform, (".config",)), "helpdesk_bridge")


def _outline(origin: str, data: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    for key in data:
        if key not in ("default", "desks"):
            shown = showable.name(str(key))
            raise ConfigurationError(
                f"{origin}: unknown key {shown}{suggest(str(key), ['default', 'desks'])}",
                key=str(key) if shown == repr(str(key)) else None,
            )
    desks = data.get("desks")
    if not isinstance(desks, Mapping) or not desks:
        raise ConfigurationError(f"{origin}: there is no [desks.NAME] table", key="desks")
    for name, table in desks.items():
        _check_name(origin, str(name))
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{origin}: [desks.{name}] must be a table", key=str(name))
    _check_variables(origin, [str(name) for name in desks])
    default = data.get("default")
    if default is not None and (not isinstance(default, str) or default not in desks):
        raise ConfigurationError(
            f"{origin}: default names {showable.name(default)}, and there is no such desk"
            f"{suggest(str(default), list(desks))}",
            key="default",
        )
    return Config(origin, {str(n): dict(t) for n, t in desks.items()}, default, environ)


def _check_name(origin: str, name: str) -> None:
    """Refuse a name that errors and log lines, all of which have it, must not show."""
    if not name.strip() or not name.isprintable():
        raise ConfigurationError(
            f"{origin}: the name of a desk is empty, or holds line breaks or other characters that"
            " are not printed",
            key="desks",
        )
    if showable.is_secret(name):
        raise ConfigurationError(
            f"{origin}: the name of a desk looks like a key or a token: it is in every error and"
            " log line, so give it a short one of plain words",
            key="desks",
        )


def _check_variables(origin: str, names: list[str]) -> None:
    """Refuse two desks one of which would take the other's variables for its own."""
    # In this order all that begin alike follow each other, the shortest first.
    begins = sorted((f"{shouted(name)}__", name) for name in names)
    for (mine, one), (theirs, other) in pairwise(begins):
        if theirs.startswith(mine):
            raise ConfigurationError(
                f"{origin}: [desks.{one}] and [desks.{other}] would share the environment"
                f" variables {PREFIX}{theirs}…, so that one got the other's credentials:"
                " rename one of them",
                key="desks",
            )


def _check_overrides(config: Config) -> None:
    """Refuse a variable for a desk the file does not have: it is a slip of the pen."""
    known = [shouted(name) for name in config.desks]
    for variable in config.environ:
        if variable.startswith(PREFIX):
            rest = variable.removeprefix(PREFIX)
            desk, _, key = rest.partition("__")
            if not any(rest.startswith(f"{one}__") and rest != f"{one}__" for one in known):
                raise ConfigurationError(
                    f"environment variable {showable.variable(variable)}: {config.origin} has no"
                    f" desk of that name (such a variable is written {_spelt(desk, key)})"
                    f"{suggest(desk, known)}",
                    key=showable.variable(variable),
                )


def _spelt(desk: str, key: str) -> str:
    """Return how a variable is written; there is no DESKS in it, as there is in the file."""
    if desk == "DESKS" and "__" in key:
        return showable.variable(f"{PREFIX}{key}")
    return f"{PREFIX}DESK__KEY"
