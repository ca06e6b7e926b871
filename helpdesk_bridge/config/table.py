"""Turn one ``[desks.NAME]`` table into settings; every complaint names the file and the key."""

from __future__ import annotations

import importlib
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import attrs
from attrs import frozen

from helpdesk_bridge.config import files, registry, showable
from helpdesk_bridge.config.registry import suggest
from helpdesk_bridge.errors import ConfigurationError, HelpdeskError, ProtocolError, Reason
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.kit.json import WrongType
from helpdesk_bridge.kit.numbers import NUMBERED
from helpdesk_bridge.model.disk import from_root, is_address, kept_nowhere
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import TokenProvider, TransportOptions
from helpdesk_bridge.transport.options import CHECK
from helpdesk_bridge.transport.policies.auth import LOOKS_LIKE_A_REFERENCE, is_reference
from helpdesk_bridge.transport.rate_limits import Limiter

__all__ = ["PREFIX", "DeskConfig", "Table", "how_to_name", "shouted"]

_IMPORTED = {TokenProvider, Limiter, ssl.SSLContext}
"""What is given as ``"module:name"``."""
_COMMON = ("adapter", "ledger", "transport")
"""The keys that every desk's table may have, whatever its adapter."""
_OPTIONS = {one.alias: one.metadata[CHECK] for one in attrs.fields(TransportOptions) if one.init}
"""What says of the value of a transport option what is wrong with it."""
PREFIX = "HELPDESK_BRIDGE__"
"""How the variables begin that override a value."""


@frozen(kw_only=True)
class DeskConfig:
    """The checked configuration of one desk, ready to be opened."""

    name: str
    """The name of the desk."""
    adapter: type[Adapter]
    """The class of the adapter that speaks to its vendor."""
    settings: Any
    """The settings of the adapter, an object of its ``settings_type``."""
    options: TransportOptions
    """The transport options, which are the same for every vendor."""
    ledger: Secret | None = None
    """Where its unsafe writes are put down: the path of a file, or the URL of a database, which
    may hold a password. None: nowhere but in the process."""


def shouted(name: str) -> str:
    """Return the name of a desk as variables of the environment have it."""
    return re.sub(r"[^A-Z0-9_]", "_", name.upper())


def how_to_name(path: Path) -> str:
    """Say how a file that was only found is named, for the text of an error."""
    return f"set HELPDESK_BRIDGE_CONFIG={path.absolute()}, or give config= (--config)"


class Table:
    """One [desks.NAME] table on its way to settings.

    ``origin`` is what complaints call the configuration, ``environ`` the environment, ``folder``
    what paths are relative to. ``only_found`` is a file that nobody named, which may reach for
    nothing outside of itself.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        origin: str,
        environ: Mapping[str, str],
        folder: Path,
        only_found: bool = False,
    ) -> None:
        self._name = name
        self._origin = origin
        self._environ = environ
        self._folder = folder
        self._only_found = only_found
        self._where = f"[desks.{name}]"
        self._where_options = f"[desks.{name}.transport]"
        self._values: dict[str, Any] = dict(values)
        # Here, because a program that is given no configuration need not wait for cattrs.
        from helpdesk_bridge.config.convert import StrictConverter

        self._converter = StrictConverter()
        self._converter.hook(Secret, _secret)
        self._converter.hook(TokenProvider, _provider)
        self._converter.hook(Limiter, _named(Limiter, "limiter"))
        self._converter.hook(ssl.SSLContext, _named(ssl.SSLContext, "ssl.SSLContext"))
        self._converter.hook(Path, self._path)

    def build(self) -> DeskConfig:
        """Return the desk, or raise ConfigurationError with file, table and key."""
        transport = self._values.pop("transport", {})
        if not isinstance(transport, Mapping):
            raise self._wrong("transport", "must be a table")
        overrides: dict[str, tuple[str | None, Any]] = dict(self._overrides())
        for key, (variable, _) in overrides.items():
            option = key.removeprefix("transport__")
            where = self._where if option == key else self._where_options
            what = "have its values replaced by the environment's"
            self._check_reach(showable.key(option), what, where, variable)
        given = self._values.pop("adapter", None)
        variable, word = overrides.pop("adapter", (None, given))
        if not isinstance(word, str):
            reason = "is missing" if word is None else "must be a string"
            raise self._wrong("adapter", f"{reason}; known: {', '.join(registry.available())}")
        try:
            adapter = registry.load(word)
        except ConfigurationError as error:
            failure = error
        else:
            ledger = self._ledger(overrides.pop("ledger", None))
            return DeskConfig(
                name=self._name,
                adapter=adapter,
                settings=self._make(adapter.settings_type, self._where, self._values, {
                    key: value
                    for key, value in overrides.items() if not key.startswith("transport__")
                }),
                options=self._make(
                    TransportOptions, self._where_options, transport, {
                        key.removeprefix("transport__"): value
                        for key, value in overrides.items() if key.startswith("transport__")
                    }
                ),
                ledger=ledger,
            )  # fmt: skip
        raise self._wrong("adapter", failure.message, variable=variable, reason=failure.reason)

    def _ledger(self, override: tuple[str | None, Any] | None) -> Secret | None:
        """Return where the ledger is; a relative path begins where the configuration's file is."""
        given = self._values.pop("ledger", None)
        variable: str | None = None
        if override is not None:
            variable, given = override
        if given is None:
            return None
        value = given if variable else self._followed("ledger", Secret, given, self._where)
        place: Secret = self._value("ledger", Secret, value, self._where, variable)
        text = place.reveal()
        if not text.strip():
            raise self._wrong("ledger", "must be the path of a file or a URL", variable=variable)
        if "://" in text:
            # Drivers add passwords to a URL, from the environment and from files of the home.
            self._check_reach("ledger", "ask for a database by its URL")
            return place
        path: Path = self._value("ledger", Path, text, self._where, variable)
        if trouble := kept_nowhere(path):
            raise self._wrong("ledger", trouble, variable=variable)
        self._check_inside("ledger", path)
        return Secret(str(path))

    def _overrides(self) -> Iterator[tuple[str, tuple[str | None, Any]]]:
        prefix = f"{PREFIX}{shouted(self._name)}__"
        found: dict[str, str] = {}
        for variable, value in self._environ.items():
            if variable.startswith(prefix):
                key = variable.removeprefix(prefix).lower()
                if found.setdefault(key, variable) != variable:
                    raise self._wrong(
                        showable.key(key),
                        "is set by two variables of the environment, which differ in capitals and"
                        " small letters only: unset one of them",
                    )
                yield key, (variable, value)

    def _make(
        self,
        cls: type[Any],
        where: str,
        values: Mapping[str, Any],
        overrides: Mapping[str, tuple[str | None, Any]],
    ) -> Any:
        fields = {a.alias: a for a in attrs.fields(attrs.resolve_types(cls)) if a.init}
        for key in [*values, *overrides]:
            if key not in fields:
                source = overrides[key][0] if key in overrides else None
                common = _COMMON if where == self._where else ()
                hint = self._belongs(key, where) or suggest(str(key), [*fields, *common])
                raise self._wrong(showable.key(str(key)), f"is unknown{hint}", where, source)
        arguments: dict[str, Any] = {}
        for key, attribute in fields.items():
            if key in overrides:
                variable, text = overrides[key]
                given = _from_text(text, attribute.type)
                arguments[key] = self._value(key, attribute.type, given, where, variable)
            elif key in values:
                arguments[key] = self._argument(key, attribute, values[key], where)
            elif attribute.default is attrs.NOTHING:
                raise self._wrong(key, "is missing", where)
            check = attribute.metadata.get(CHECK)
            trouble = check(arguments[key]) if check and key in arguments else ""
            if trouble:
                raise self._wrong(key, trouble, where, overrides.get(key, (None,))[0])
        try:
            return cls(**arguments)
        except HelpdeskError as error:
            key, message = getattr(error, "key", None) or "", error.message
        except (TypeError, ValueError) as error:  # its text may hold the value
            key, message = "", f"the settings are not acceptable ({type(error).__name__})"
        source = overrides[key][0] if key in overrides else None
        raise self._wrong(key, message, where, source)

    def _belongs(self, key: str, where: str) -> str:
        """Say of a transport option that is in the desk's own table where it belongs."""
        if where != self._where or key not in _OPTIONS:
            return ""
        return f": it is an option of the transport, and belongs to {self._where_options}"

    def _argument(self, key: str, attribute: Any, given: Any, where: str) -> Any:
        """Return the value of a key of the file, as its field wants it."""
        given = self._followed(key, attribute.type, given, where)
        if type(given) is int and attribute.metadata.get(NUMBERED):
            given = str(given)
        if isinstance(given, str) and _IMPORTED & set(_kinds(attribute.type)):
            self._check_reach(key, "ask for code to be imported", where)
        value = self._value(key, attribute.type, given, where)
        if isinstance(value, Path):
            self._check_inside(key, value, where)
        return value

    def _followed(self, key: str, kind: Any, value: Any, where: str) -> Any:
        """Follow ``{ env = "…" }`` and ``{ file = "…" }``; what is there is read as text."""
        if isinstance(value, str) and Secret in _kinds(kind) and is_reference(Secret(value)):
            # Not of what is fetched or given in Python: there even this may be a password.
            raise self._wrong(key, LOOKS_LIKE_A_REFERENCE, where)
        if not isinstance(value, Mapping) or len(value) != 1:
            return value
        source, name = next(iter(value.items()))
        if source == "env" and isinstance(name, str):
            self._check_reach(key, "ask for an environment variable", where)
            if not self._environ.get(name):
                raise self._wrong(key, _needs_variable(name), where)
            if "\0" in self._environ[name]:
                raise self._wrong(key, "is a variable with a NUL in it", where)
            return _from_text(self._environ[name], kind)
        if source == "file" and isinstance(name, str):
            self._check_reach(key, "ask for a file", where)
            try:
                text, _ = files.read(self._folder / Path(name).expanduser())
            except (files.Unreadable, RuntimeError) as error:
                reason = str(error)
            else:
                if "\0" not in text:
                    return _from_text(text.rstrip("\r\n"), kind)
                reason = "it has a NUL in it"
            shown = showable.path(name)
            why = reason.removeprefix("cannot be read: ")
            raise self._wrong(key, f"needs the file {shown}, which cannot be read ({why})", where)
        return value

    def _check_inside(self, key: str, path: Path, where: str | None = None) -> None:
        if self._only_found and not path.resolve().is_relative_to(self._folder.resolve()):
            self._check_reach(key, "ask for a path outside of its folder", where)

    def _check_reach(
        self, key: str, what: str, where: str | None = None, variable: str | None = None
    ) -> None:
        """Refuse ``what`` a file that nobody named would do: it could be anybody's."""
        if self._only_found:
            path = self._folder / Path(self._origin).name
            raise self._wrong(
                key,
                f"a file that was only found in the working directory may not {what}: it may have"
                f" come with any download. If it is yours, {how_to_name(path)}",
                where,
                variable,
            )

    def _value(
        self, key: str, kind: Any, value: Any, where: str, variable: str | None = None
    ) -> Any:
        for own in _kinds(kind):
            if own is Path or not isinstance(own, type) or own.__module__ == "builtins":
                continue
            if isinstance(value, own):
                return value  # a configuration given as a mapping may hold objects
        try:
            return self._converter.read(value, kind)
        except ProtocolError as error:
            reason = error.message.removeprefix("$: ").rstrip(".")
            if where == self._where_options and (form := _OPTIONS[key](value)):
                reason = f"{reason}; it {form}"
        raise self._wrong(key, reason, where, variable)

    def _path(self, value: Any) -> Path:
        """Return a path; a relative one begins where the configuration's file is."""
        if not isinstance(value, (str, Path)) or not str(value):
            raise WrongType("expected the path of a file")
        if is_address(str(value)):
            raise WrongType("expected the path of a file, and no URL")
        try:
            return from_root(self._folder / Path(value).expanduser())
        except RuntimeError:
            reason = "there is no home directory for ~"
        except ConfigurationError as error:
            reason = error.message.removesuffix(".")
        raise WrongType(f"expected a path; {reason}")

    def _wrong(
        self,
        key: str,
        message: str,
        where: str | None = None,
        variable: str | None = None,
        *,
        reason: Reason | None = None,
    ) -> ConfigurationError:
        where = where or self._where
        place = f"{self._origin}: {where} {key}"
        if variable is not None:
            place = f"environment variable {showable.variable(variable)} ({where} {key})"
        return ConfigurationError(
            f"{place.rstrip()}: {message}", key=key, desk=self._name, reason=reason
        )


def _needs_variable(name: str) -> str:
    shown = showable.variable(name)
    if shown == name:
        return f"needs the environment variable {name}"
    return (
        f"needs an environment variable whose name is {shown}. env takes the NAME of a variable, in"
        " capitals; a secret itself is written without { env = … }"
    )


def _kinds(kind: Any) -> tuple[Any, ...]:
    """Return what a value may be: one kind, or those of a union."""
    return get_args(kind) or (kind,)


def _secret(value: Any) -> Secret:
    if not isinstance(value, (str, Secret)):
        raise WrongType('expected a string, { env = "…" } or { file = "…" }')
    return Secret(value)


def _provider(value: Any) -> Any:
    if not isinstance(value, (str, TokenProvider)) and not callable(value):
        raise WrongType('expected "module:function" or an async function')
    return value


def _named(kind: type[Any], what: str) -> Callable[[Any], Any]:
    """Return what reads ``"module:object"`` as an object of ``kind``."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise WrongType('expected "module:object"')
        module, _, name = value.partition(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except Exception as error:  # noqa: BLE001 - whatever the application's module raises
            reason = type(error).__name__
        else:
            if isinstance(found, kind) and not isinstance(found, type):
                return found
            reason = f"it is no {what}"
        raise WrongType(f"cannot be imported ({reason}); write module:object")

    return read


def _from_text(text: str, kind: Any) -> Any:
    """Return what ``text`` stands for: itself where text is wanted, else a TOML value."""
    if any(kind in (one, one | None) for one in (str, Path, Secret, TokenProvider)):
        return text
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):  # no TOML, a number of 5,000 digits, 5,000 brackets
        return text
