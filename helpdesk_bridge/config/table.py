"""Turn one ``[desks.NAME]`` table into settings; every complaint names the file and the key."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import attrs
from attrs import frozen

from helpdesk_bridge.config import registry
from helpdesk_bridge.config.registry import suggest
from helpdesk_bridge.errors import ConfigurationError, HelpdeskError, ProtocolError, Reason
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.kit.json import WrongType
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import TokenProvider, TransportOptions
from helpdesk_bridge.transport.rate_limits import Limiter

__all__ = ["PREFIX", "DeskConfig", "Table", "shouted"]

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
    return name.upper().replace("-", "_")


class Table:
    """One [desks.NAME] table on its way to settings.

    ``origin`` is what complaints call the configuration, ``environ`` the environment, ``folder``
    what paths are relative to.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        origin: str,
        environ: Mapping[str, str],
        folder: Path,
    ) -> None:
        self._name = name
        self._origin = origin
        self._environ = environ
        self._folder = folder
        self._where = f"[desks.{name}]"
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
                    TransportOptions, f"[desks.{self._name}.transport]", transport, {
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
        return place if "://" in text else Secret(str(self._path(text)))

    def _overrides(self) -> Iterator[tuple[str, tuple[str | None, Any]]]:
        prefix = f"{PREFIX}{shouted(self._name)}__"
        for variable, value in self._environ.items():
            if variable.startswith(prefix):
                yield variable.removeprefix(prefix).lower(), (variable, value)

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
                hint = suggest(str(key), list(fields))
                raise self._wrong(str(key), f"is unknown{hint}", where, source)
        arguments: dict[str, Any] = {}
        for key, attribute in fields.items():
            if key in overrides:
                variable, text = overrides[key]
                given = _from_text(text, attribute.type)
                arguments[key] = self._value(key, attribute.type, given, where, variable)
            elif key in values:
                given = self._followed(key, attribute.type, values[key], where)
                arguments[key] = self._value(key, attribute.type, given, where)
            elif attribute.default is attrs.NOTHING:
                raise self._wrong(key, "is missing", where)
        try:
            return cls(**arguments)
        except HelpdeskError as error:
            key, message = getattr(error, "key", None) or "", error.message
        except (TypeError, ValueError) as error:  # its text may hold the value
            key, message = "", f"the settings are not acceptable ({type(error).__name__})"
        source = overrides[key][0] if key in overrides else None
        raise self._wrong(key, message, where, source)

    def _followed(self, key: str, kind: Any, value: Any, where: str) -> Any:
        """Follow ``{ env = "…" }`` and ``{ file = "…" }``; what is there is read as text."""
        if not isinstance(value, Mapping) or len(value) != 1:
            return value
        source, name = next(iter(value.items()))
        if source == "env" and isinstance(name, str):
            if not self._environ.get(name):
                raise self._wrong(key, f"needs the environment variable {name}", where)
            return _from_text(self._environ[name], kind)
        if source == "file" and isinstance(name, str):
            try:
                path = self._folder / Path(name).expanduser()
                return _from_text(path.read_text(encoding="utf-8").rstrip("\r\n"), kind)
            except (OSError, ValueError, RuntimeError):
                pass
            raise self._wrong(key, f"needs the file {name}, which cannot be read", where)
        return value

    def _value(
        self, key: str, kind: Any, value: Any, where: str, variable: str | None = None
    ) -> Any:
        for own in get_args(kind) or (kind,):
            if isinstance(own, type) and own.__module__ != "builtins" and isinstance(value, own):
                return value  # a configuration given as a mapping may hold objects
        try:
            return self._converter.read(value, kind)
        except ProtocolError as error:
            reason = error.message.removeprefix("$: ").rstrip(".")
        raise self._wrong(key, reason, where, variable)

    def _path(self, value: Any) -> Path:
        """Return a path; a relative one begins where the configuration's file is."""
        if not isinstance(value, (str, Path)) or not str(value):
            raise WrongType("expected the path of a file")
        try:
            return self._folder / Path(value).expanduser()
        except RuntimeError:
            raise WrongType("expected a path; there is no home directory for ~") from None

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
            place = f"environment variable {variable} ({where} {key})"
        return ConfigurationError(
            f"{place.rstrip()}: {message}", key=key, desk=self._name, reason=reason
        )


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
    except tomllib.TOMLDecodeError:
        return text
