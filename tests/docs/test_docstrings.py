"""Every public name explains its parameters, its result, None, its units and its errors.

A rule is a function that returns what is missing, and is tried on examples that break it. The
public names are those of ``__all__`` in the modules below, with every public method, property and
field of the classes among them.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import frozen

import helpdesk_bridge
from helpdesk_bridge import Helpdesk, HelpdeskError, errors, kit, testing
from helpdesk_bridge.testing import conformance

MODULES = {"hb": helpdesk_bridge, "kit": kit, "testing": testing, "conformance": conformance}
IN_PROSE = 2
"""So many parameters may be named in the text; more of them are listed under "Args:"."""
FAST = {
    "kit.fast_attachment": kit.Attachment,
    "kit.fast_message": kit.Message,
    "kit.fast_party": kit.Party,
    "kit.fast_ticket": kit.Ticket,
}
"""Functions that have the fields of a class as parameters, and leave their explanation to it."""

_SECTION = re.compile(r"(Args|Returns|Yields|Raises):")
_ENTRY = re.compile(r" {4}\*{0,2}(\w+): ")
_SPAN = re.compile(r"``(.+?)``", re.DOTALL)
_RESULT = re.compile(r"\b(returns?|yields?|says? whether)\b|\AList\b", re.IGNORECASE)


@frozen
class Subject:
    """A function, method or property, and the text that is to explain it."""

    name: str
    function: Callable[..., Any]
    text: str

    @property
    def is_property(self) -> bool:
        return self.name.endswith(" (property)")

    @property
    def is_constructor(self) -> bool:
        return self.name.endswith("()")

    def complaint(self, missing: list[str]) -> str:
        code = inspect.unwrap(self.function).__code__
        path = Path(code.co_filename)
        place = f"{path.parent.name}/{path.name}:{code.co_firstlineno}"
        return f"{self.name} ({place}) does not say: {'; '.join(missing)}"


# -- what a docstring holds --------------------------------------------------------------------


def sections(text: str) -> dict[str, str]:
    """Return the text by section; what stands outside of any is under ""."""
    found: dict[str, list[str]] = {"": []}
    title = ""
    for line in text.splitlines():
        heading = _SECTION.fullmatch(line)
        if heading:
            title = heading[1]
        elif line and not line.startswith(" "):
            title = ""
        if not heading:
            found.setdefault(title, []).append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def entries(text: str, title: str) -> dict[str, str]:
    """Return what a section says of each name in it."""
    found: dict[str, str] = {}
    name = ""
    for line in sections(text).get(title, "").splitlines():
        entry = _ENTRY.match(line)
        name = entry[1] if entry else name
        found[name] = f"{found.get(name, '')}{line.strip()}\n"
    found.pop("", None)
    return found


def is_named(name: str, text: str) -> bool:
    """Say whether a text names a parameter: in "Args:", or as ``name``, ``name=…``, ``*name``."""
    return name in entries(text, "Args") or _names(name, sections(text)[""])


def said_of(name: str, text: str, others: list[str]) -> str:
    """Return what a text says of a value: its entry, the clauses that name it, and general ones.

    A sentence is general if it names none of the ``others``. In one that names several values a
    clause (up to a semicolon) is about those that it names, or else about those named before it.
    """
    said = [entries(text, "Args").get(name, "")]
    for sentence in re.split(r"(?<=\.)\s+|\n\n", sections(text)[""]):
        about: list[str] | None = None
        for clause in re.split(r"(?<=;)\s+", sentence):
            about = [one for one in others if _names(one, clause)] or about
            if about is None or name in about:
                said.append(clause)
    return "\n".join(said)


def _names(name: str, text: str) -> bool:
    pattern = rf"\A\*{{0,2}}{name}(?:\Z|\W)|[(,]\s*{name}="
    return any(re.search(pattern, span) for span in _SPAN.findall(text))


# -- what a signature asks for -----------------------------------------------------------------


def parameters_of(subject: Subject) -> list[inspect.Parameter]:
    found = list(inspect.signature(subject.function).parameters.values())
    if found and found[0].name in ("self", "cls"):
        found = found[1:]
    if subject.is_constructor and "HelpdeskError" in subject.text:
        return [one for one in found if one.kind is not one.VAR_KEYWORD]  # of the base class
    return found


def alternatives(annotation: object) -> list[str]:
    """Return the members of a union: ``"dict[str, None] | None"`` has two."""
    if annotation is inspect.Signature.empty:
        return []
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    found: list[str] = []
    left: list[ast.expr] = [ast.parse(text or "None", mode="eval").body]
    while left:
        node = left.pop()
        if isinstance(node, ast.BinOp):
            left += [node.left, node.right]
        else:
            found.append(ast.unparse(node))
    return found


def needed_words(name: str, annotation: object) -> dict[str, str]:
    """Return, by what has to be said of a value, the pattern of a text that says it."""
    kinds = alternatives(annotation)
    needed: dict[str, str] = {}
    if "None" in kinds and len(kinds) > 1:
        needed[f"what None means for {name}"] = r"\bNone\b"
    if "EllipsisType" in kinds:
        needed[f"what leaving out {name} (...) means"] = r"\.\.\.|left out"
    if "float" in kinds:
        needed[f"the unit of {name}"] = r"(?i)\bseconds?\b"
    if "datetime" in kinds:
        needed[f"that {name} is aware or in UTC"] = r"\baware\b|\bUTC\b"
    if "int" in kinds and re.search(r"\Asize\Z|(\A|_)(bytes|body)\Z", name):
        needed[f"the unit of {name}"] = r"(?i)\bbytes?\b"
    return needed


def _unsaid(needed: dict[str, str], text: str) -> list[str]:
    return [what for what, pattern in needed.items() if not re.search(pattern, text)]


# -- the rules ---------------------------------------------------------------------------------


def unnamed_parameters(subject: Subject) -> list[str]:
    """Every parameter is named, and more than a few are listed under "Args:"."""
    parameters = [one.name for one in parameters_of(subject)]
    listed = entries(subject.text, "Args")
    missing = [f"the parameter {name}" for name in parameters if not is_named(name, subject.text)]
    if not missing and len(parameters) > IN_PROSE:
        missing = [f"{name}, under Args:" for name in parameters if name not in listed]
    return missing


def unexplained_values(subject: Subject) -> list[str]:
    """What None and ``...`` mean, and the unit of a number, is said for each parameter."""
    missing: list[str] = []
    names = [one.name for one in parameters_of(subject)]
    for one in parameters_of(subject):
        needed = needed_words(one.name, one.annotation)
        missing += _unsaid(needed, said_of(one.name, subject.text, names))
    return missing


def unexplained_result(subject: Subject) -> list[str]:
    """What is returned, what None means there, and its unit."""
    result = inspect.signature(subject.function).return_annotation
    if subject.is_constructor or result in (None, "None", "NoReturn", inspect.Signature.empty):
        return []
    found = sections(subject.text)
    told = found.get("Returns", "") + found.get("Yields", "")
    if not (told or subject.is_property or _RESULT.search(found[""])):
        return ["what is returned"]
    name = subject.name.removesuffix(" (property)").rpartition(".")[2]
    return _unsaid(needed_words(name, result), told + found[""])


def unnamed_errors(subject: Subject) -> list[str]:
    """Every error that the function itself raises is named."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(subject.function)))
    raised = {
        node.exc.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id[0].isupper()  # a function that makes an error is not its name
    }
    return [f"the error {name}" for name in sorted(raised) if not _word(name, subject.text)]


def _word(name: str, text: str) -> bool:
    return bool(re.search(rf"\b{name}\b", text))


def stale_names(subject: Subject) -> list[str]:
    """ "Args:" lists only parameters that there are, and "Raises:" only classes that there are."""
    known = {one.name for one in inspect.signature(subject.function).parameters.values()}
    if subject.is_constructor and "HelpdeskError" in subject.text:  # it takes those of its base
        known |= set(entries(inspect.getdoc(HelpdeskError) or "", "Args"))
    args = [name for name in entries(subject.text, "Args") if name not in known]
    raises = [
        name
        for name in entries(subject.text, "Raises")
        if not (hasattr(errors, name) or hasattr(builtins, name))
    ]
    return [f"anything true of {name}, which is not there" for name in args + raises]


def unexplained_fields(cls: type) -> list[str]:
    """Every field of an attrs class is explained below it, or by the class's own text."""
    texts, general = _below_the_fields(cls), _of_class(cls)
    missing: list[str] = []
    names = [field.alias or field.name for field in attrs.fields(cls)]
    for field in attrs.fields(cls):
        if not field.init or field.name.startswith("_"):
            continue
        name = field.alias or field.name
        below = texts.get(field.name, "")
        if not below and not is_named(name, general):
            missing.append(f"the field {name}")
        else:
            needed = needed_words(name, field.type)
            missing += _unsaid(needed, f"{below}\n{said_of(name, general, names)}")
    return missing


RULES = [unnamed_parameters, unexplained_values, unexplained_result, unnamed_errors, stale_names]


# -- the public names --------------------------------------------------------------------------


def _public() -> Iterator[tuple[str, Any]]:
    """Yield each public object once, under the first of its names."""
    seen: set[int] = set()
    for short, module in MODULES.items():
        for name in module.__all__:
            value = getattr(module, name)
            if id(value) not in seen:
                seen.add(id(value))
                yield f"{short}.{name}", value


def _subjects() -> Iterator[Subject]:
    """Yield each function once: what a class inherits only if no public class has it as its own."""
    inherited: list[Subject] = []
    seen: set[int] = set()
    for name, value in _public():
        if inspect.isfunction(value) and name not in FAST:
            yield Subject(name, value, inspect.getdoc(value) or "")
        elif inspect.isclass(value) and _is_ours(value):
            for key, subject in _of_members(name, value):
                if key in vars(value):
                    seen.add(id(subject.function))
                    yield subject
                else:
                    inherited.append(subject)
    for subject in inherited:
        if id(subject.function) not in seen:
            seen.add(id(subject.function))
            yield subject


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith("helpdesk_bridge")


def _of_members(name: str, cls: type) -> Iterator[tuple[str, Subject]]:
    bases = [one for one in cls.__mro__ if _is_ours(one)]
    for key in dict.fromkeys(key for one in bases for key in vars(one)):
        if key.startswith(("_", "test_")):
            continue
        member = inspect.getattr_static(cls, key)
        inner = getattr(member, "__func__", member)
        text = _of_method(cls, key)
        if isinstance(inner, property) and inner.fget is not None:
            yield key, Subject(f"{name}.{key} (property)", inner.fget, text)
        elif key in _cached_properties(cls):
            kept = _cached_properties(cls)[key]
            yield key, Subject(f"{name}.{key} (property)", kept, inspect.getdoc(kept) or "")
        elif inspect.isfunction(inner):
            yield key, Subject(f"{name}.{key}", inner, text)
    init = vars(cls).get("__init__")
    if init is not None and init.__module__.endswith("canary"):  # tests/canary.py stands before it
        init = inspect.getclosurevars(init).nonlocals["begin"]
    is_own = not (attrs.has(cls) or issubclass(cls, Enum) or getattr(cls, "_is_protocol", False))
    if init is not None and is_own:
        yield "__init__", Subject(f"{name}()", init, _of_class(cls))


def _cached_properties(cls: type) -> dict[str, Callable[..., Any]]:
    """Return the functions behind ``cached_property``, which attrs takes out of a slotted class."""
    getter = getattr(cls, "__getattr__", None)
    found: dict[str, Callable[..., Any]] = getattr(getter, "__globals__", {}).get(
        "cached_properties", {}
    )
    return found


def _of_method(cls: type, name: str) -> str:
    """Return what explains a method: its own text, and that of the contract it fulfils."""
    found = [vars(one)[name] for one in cls.__mro__ if name in vars(one)]
    return "\n".join(inspect.getdoc(getattr(one, "__func__", one)) or "" for one in found)


def _of_class(cls: type) -> str:
    """Return what explains a class and, for an error, the classes that it stands on."""
    if issubclass(cls, HelpdeskError):
        kinds = [one for one in cls.__mro__ if issubclass(one, HelpdeskError)]
        return "\n".join(["HelpdeskError", *(inspect.getdoc(one) or "" for one in kinds)])
    return inspect.getdoc(cls) or ""


def _below_the_fields(cls: type) -> dict[str, str]:
    """Return the texts that stand below the fields of a class and of those it stands on."""
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
                texts.setdefault(field.target.id, text)
    return texts


SUBJECTS = {subject.name: subject for subject in _subjects()}
VALUES = {name: value for name, value in _public() if inspect.isclass(value) and attrs.has(value)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_function_is_explained(name: str, rule: Callable[[Subject], list[str]]) -> None:
    missing = rule(SUBJECTS[name])
    assert not missing, SUBJECTS[name].complaint(missing)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_explained(name: str) -> None:
    missing = unexplained_fields(VALUES[name])
    assert not missing, f"{name} does not say: {'; '.join(missing)}"


@pytest.mark.parametrize("name", FAST)
def test_a_fast_constructor_has_the_parameters_that_its_class_explains(name: str) -> None:
    function = getattr(kit, name.removeprefix("kit."))
    fields = {field.alias for field in attrs.fields(FAST[name]) if field.init}
    assert set(inspect.signature(function).parameters) == fields
    assert f":class:`{FAST[name].__name__}`" in (inspect.getdoc(function) or ""), name


METHODS = [
    name
    for name, subject in SUBJECTS.items()
    if name.startswith("hb.Helpdesk.") and not subject.is_property
]


@pytest.mark.parametrize(
    "name", [*METHODS, "hb.connect", "hb.load_config", "hb.Config.desk", "hb.Helpdesk()"]
)
def test_what_a_desk_raises_is_listed(name: str) -> None:
    text = SUBJECTS[name].text
    assert entries(text, "Raises") or name == "hb.Helpdesk.aclose", f"{name} lists no errors"


# -- the rules can fail ------------------------------------------------------------------------


def _made(text: str, function: Callable[..., Any], name: str = "odd") -> Subject:
    return Subject(name, function, inspect.cleandoc(text))


def _one(first: int) -> None: ...
def _three(first: int, second: int, third: int) -> None: ...
def _all(*rest: int, **more: int) -> None: ...
def _optional(first: int | None = None, second: int | None = None) -> None: ...
def _callback(first: Callable[[int], None]) -> None: ...
def _changes(first: str | EllipsisTypeAlias = ...) -> None: ...
def _wait(pause: float) -> None: ...
def _since(when: datetime | None) -> None: ...
def _room(max_body: int, size: int) -> None: ...


def _gives() -> int:
    return 1


def _may_give() -> int | None:
    return None


def _gives_time() -> datetime:
    return datetime.now(UTC)


EllipsisTypeAlias = str  # only its name below is looked at
_changes.__annotations__["first"] = "str | EllipsisType"


def _raises(first: int) -> None:
    if first:
        raise ValueError("no")
    raise KeyError(first)


LISTED = """Do it.

    Args:
        first: this.
        second: that,
            which takes two lines.
        third: the other.
    """


@pytest.mark.parametrize(
    ("function", "text", "missing"),
    [
        (_one, "Do it.", ["the parameter first"]),
        (_one, "Do it with first.", ["the parameter first"]),
        (_one, "Do ``it`` first and ``then`` that.", ["the parameter first"]),
        (_one, "Do it with ``firsts`` or ``the first``.", ["the parameter first"]),
        (_one, "Do it.\n\nArgs:\n    second: 2.", ["the parameter first"]),
        (_one, "Do it.\n\nRaises:\n    first: 2.", ["the parameter first"]),
        (_one, "Do it with ``first``.", []),
        (_one, "Do it with ``first=True`` or ``do(it, first=1)``.", []),
        (_one, "Do it.\n\nArgs:\n    first: a number.", []),
        (
            _three,
            "Do it with ``first``, ``second`` and ``third``.",
            ["first, under Args:", "second, under Args:", "third, under Args:"],
        ),
        (_three, LISTED, []),
        (_all, "Do it.", ["the parameter rest", "the parameter more"]),
        (_all, "Do it with ``*rest``.\n\nArgs:\n    **more: what else.", []),
    ],
)
def test_a_parameter_that_is_not_named_is_noticed(
    function: Callable[..., Any], text: str, missing: list[str]
) -> None:
    assert unnamed_parameters(_made(text, function)) == missing


@pytest.mark.parametrize(
    ("function", "text", "missing"),
    [
        (_optional, "``first``, ``second``.", ["what None means for first", "… second"]),
        (
            _optional,
            "Do.\n\nArgs:\n    first: None is 1.\n    second: b.",
            ["what None means for second"],
        ),
        (_optional, "Do.\n\nReturns:\n    None.", ["what None means for first", "… second"]),
        (_optional, "Nothing is done with None.\n\nArgs:\n    first: a.\n    second: b.", []),
        (_optional, "``first``; None is 1. ``second``.", ["what None means for second"]),
        (_optional, "``second``; ``first`` may be None.", ["what None means for second"]),
        (_optional, "``first``. What is None is ``second``.", ["what None means for first"]),
        (_optional, "``first`` and ``second`` do it; None does not.", []),
        (_callback, "Call ``first``.", []),
        (_changes, "Change ``first``.", ["what leaving out first (...) means"]),
        (_changes, "Change ``first``; ``...`` leaves it.", []),
        (_wait, "Wait for ``pause``.", ["the unit of pause"]),
        (_wait, "Wait for ``pause`` seconds.", []),
        (_since, "None is ``when``.", ["that when is aware or in UTC"]),
        (_since, "``when`` is an aware time, or None.", []),
        (_room, "``max_body`` and ``size``.", ["the unit of max_body", "the unit of size"]),
        (_room, "``max_body`` and ``size`` in bytes.", []),
    ],
)
def test_a_value_that_is_not_explained_is_noticed(
    function: Callable[..., Any], text: str, missing: list[str]
) -> None:
    full = [one.replace("…", "what None means for") for one in missing]
    assert unexplained_values(_made(text, function)) == full


@pytest.mark.parametrize(
    ("function", "text", "missing"),
    [
        (_gives, "Do it by name, open a list, ask, and have it made.", ["what is returned"]),
        (_gives, "Do it.\n\nRaises:\n    ValueError: it returns.", ["what is returned"]),
        (_gives, "Do it and return how often.", []),
        (_gives, "Do it.\n\nReturns:\n    How often.", []),
        (_gives, "List all.", []),
        (_may_give, "Return how often.", ["what None means for odd"]),
        (_may_give, "Do.\n\nArgs:\n    x: None.\n\nReturns:\n    n.", ["what None means for odd"]),
        (_may_give, "Return how often, None if never.", []),
        (_gives_time, "Return when.", ["that odd is aware or in UTC"]),
        (_gives_time, "Return when, in UTC.", []),
        (_one, "Do it.", []),
    ],
)
def test_a_result_that_is_not_explained_is_noticed(
    function: Callable[..., Any], text: str, missing: list[str]
) -> None:
    assert unexplained_result(_made(text, function)) == missing


def test_a_property_says_by_its_text_what_it_is_but_not_by_that_what_none_is() -> None:
    assert unexplained_result(_made("How often.", _gives, "a.odd (property)")) == []
    missing = unexplained_result(_made("How often.", _may_give, "a.odd (property)"))
    assert missing == ["what None means for odd"]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Do it.", ["the error KeyError", "the error ValueError"]),
        ("Do it; MyValueError.", ["the error KeyError", "the error ValueError"]),
        ("Do it.\n\nRaises:\n    KeyError: always.\n    ValueError: if ``first``.", []),
    ],
)
def test_an_error_that_is_not_named_is_noticed(text: str, missing: list[str]) -> None:
    assert unnamed_errors(_made(text, _raises)) == missing


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        ("Do.\n\nArgs:\n    first: 1.\n    gone: 2.", ["gone"]),
        ("Do.\n\nRaises:\n    NotFound: no.\n    KeyError: no.\n    GoneError: no.", ["GoneError"]),
        ("Do.\n\nArgs:\n    first: 1.\n\nRaises:\n    NotFound: no.", []),
    ],
)
def test_a_name_that_is_not_there_any_more_is_noticed(text: str, stale: list[str]) -> None:
    found = stale_names(_made(text, _one))
    assert found == [f"anything true of {name}, which is not there" for name in stale]


@frozen(kw_only=True)
class _Bare:
    """A value with ``named`` and ``wait``."""

    named: int
    below: int
    """It is explained here."""
    unnamed: int
    wait: float
    until: datetime | None = None
    """When it ends."""
    _private: int = 0


@frozen(kw_only=True)
class _Longer(_Bare):
    """A value with ``named`` and ``unnamed``; ``wait`` in seconds. Times are aware, or None."""

    below: int = 2


def test_a_field_that_is_not_explained_is_noticed() -> None:
    assert unexplained_fields(_Bare) == [
        "the field unnamed",
        "the unit of wait",
        "what None means for until",
        "that until is aware or in UTC",
    ]
    assert unexplained_fields(_Longer) == ["the field below"]


def test_a_complaint_names_the_function_its_place_and_what_is_missing() -> None:
    line = _one.__code__.co_firstlineno
    complaint = _made("Do it.", _one).complaint(["the parameter first"])
    expected = f"odd (docs/test_docstrings.py:{line}) does not say: the parameter first"
    assert complaint == expected


def test_every_kind_of_public_name_is_looked_at() -> None:
    assert {
        "hb.Helpdesk.reply",
        "hb.Helpdesk()",
        "hb.Helpdesk.closed (property)",
        "hb.Message.html (property)",
        "hb.Config.desk",
        "hb.Pager()",
        "hb.connect",
        "kit.Body.of",
        "testing.FaultProxy.until",
        "conformance.Witness.letters",
    } <= SUBJECTS.keys()
    assert {"hb.Ticket", "hb.Upload", "kit.Reply", "testing.Mail"} <= VALUES.keys()


def test_the_methods_of_a_desk_are_all_looked_at() -> None:
    methods = {name for name, one in vars(Helpdesk).items() if inspect.isroutine(one)}
    seen = {name.removeprefix("hb.Helpdesk.") for name in METHODS}
    assert {name for name in methods if not name.startswith("_")} == seen
