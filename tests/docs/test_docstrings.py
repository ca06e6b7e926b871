"""Every public name is explained: each parameter, what is returned, and what None means."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, get_overloads

import attrs
import pytest

import helpdesk_bridge
from helpdesk_bridge import Helpdesk, HelpdeskError, kit, testing

MODULES = {"hb": helpdesk_bridge, "kit": kit, "testing": testing}
_RETURNS = re.compile(
    r"\b(returns?|yields?|says? whether|gives?|list|name|open|ask|made)\b", re.IGNORECASE
)


def _public() -> Iterator[tuple[str, Any]]:
    for short, module in MODULES.items():
        for name in module.__all__:
            yield f"{short}.{name}", getattr(module, name)


def _functions() -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Yield each public function and method with the text that is to explain it."""
    for name, value in _public():
        if inspect.isfunction(value) and not name.startswith("kit.fast_"):  # the fields of a class
            yield name, value, inspect.getdoc(value) or ""
        elif inspect.isclass(value) and value.__module__.startswith("helpdesk_bridge"):
            for key, member in vars(value).items():
                function = getattr(member, "__func__", member)
                if key.startswith("_") or not inspect.isfunction(function):
                    continue
                yield f"{name}.{key}", function, _of_method(value, key)
            init = vars(value).get("__init__")
            own = not attrs.has(value) and not issubclass(value, Enum)
            if init is not None and own and not getattr(value, "_is_protocol", False):
                yield f"{name}()", init, _of_class(value)


def _of_method(cls: type, name: str) -> str:
    """Return what explains a method: its own text, and that of the contract it fulfils."""
    found = [vars(one)[name] for one in cls.__mro__ if name in vars(one)]
    return "\n".join(inspect.getdoc(getattr(one, "__func__", one)) or "" for one in found)


def _of_class(cls: type) -> str:
    """Return what explains a class and, for an error, the classes that it stands on."""
    if issubclass(cls, HelpdeskError):
        kinds = [one for one in cls.__mro__ if issubclass(one, HelpdeskError)]
        return "\n".join(inspect.getdoc(one) or "" for one in kinds)
    return inspect.getdoc(cls) or ""


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(function).parameters.values())
    if parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    return [one for one in parameters if one.name not in ("context", "kwargs")]


def _is_named(name: str, text: str) -> bool:
    """Say whether a text names a parameter: as ``name`` or in a list as "name: …"."""
    return bool(
        re.search(
            rf"``{name}(?:=[^`]*)?``|^\s*{name}: |``[^`]*\b{name}\b[^`]*``", text, re.MULTILINE
        )
    )


FUNCTIONS = {name: (function, text) for name, function, text in _functions()}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_named(name: str) -> None:
    function, text = FUNCTIONS[name]
    missing = [one.name for one in _parameters(function) if not _is_named(one.name, text)]
    assert not missing, f"{name} does not explain {', '.join(missing)}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_none_means_is_said(name: str) -> None:
    function, text = FUNCTIONS[name]
    optional = [one.name for one in _parameters(function) if "None" in str(one.annotation)]
    returned = str(inspect.signature(function).return_annotation)
    if optional or re.search(r"\| None\b", returned):
        assert "None" in text, f"{name} does not say what None means"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_returned_is_said(name: str) -> None:
    function, text = FUNCTIONS[name]
    returned = inspect.signature(function).return_annotation
    if name.endswith("()") or returned in (None, "None", "NoReturn", inspect.Signature.empty):
        return
    assert _RETURNS.search(text), f"{name} does not say what it returns"


HELPDESK = [name for name in FUNCTIONS if name.startswith("hb.Helpdesk.")]


@pytest.mark.parametrize("name", [*HELPDESK, "hb.connect", "hb.load_config"])
def test_what_a_desk_raises_is_said(name: str) -> None:
    _, text = FUNCTIONS[name]
    assert "Raises:" in text or name.endswith((".aclose", ".closed", ".interrupted"))


def _attribute_texts(cls: type) -> dict[str, str]:
    """Return the texts that stand below the fields of a class."""
    texts: dict[str, str] = {}
    for one in cls.__mro__:
        if not attrs.has(one):
            continue
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        assert isinstance(node, ast.ClassDef)
        for field, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                text = ""
                if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    text = str(after.value.value)
                texts[field.target.id] = text
    return texts


VALUES = {name: value for name, value in _public() if inspect.isclass(value) and attrs.has(value)}


@pytest.mark.parametrize("name", VALUES)
def test_every_field_of_a_value_is_explained(name: str) -> None:
    cls = VALUES[name]
    texts = _attribute_texts(cls)
    missing = [
        field.alias
        for field in attrs.fields(cls)
        if field.init
        and not field.name.startswith("_")
        and not texts.get(field.name)
        and not _is_named(field.alias or field.name, _of_class(cls))
    ]
    assert not missing, f"{name} does not explain {', '.join(missing)}"


def test_the_methods_of_a_desk_are_all_looked_at() -> None:
    methods = {name for name, one in vars(Helpdesk).items() if inspect.isroutine(one)}
    seen = {name.removeprefix("hb.Helpdesk.") for name in HELPDESK}
    assert {name for name in methods if not name.startswith("_")} == seen


def test_a_parameter_that_is_not_named_is_noticed() -> None:
    def odd(named: int, unnamed: int) -> None:
        """Do something with ``named``."""

    text = inspect.getdoc(odd) or ""
    assert [one.name for one in _parameters(odd) if not _is_named(one.name, text)] == ["unnamed"]
    assert not get_overloads(odd)
