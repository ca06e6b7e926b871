"""The methods for changes of an adapter's class are those of the mode that it declares."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge.kit import (
    Adapter,
    Capability,
    CapabilityLimits,
    ChangeKind,
    ChangeMode,
    Level,
    Support,
    emulated,
    native,
    none,
)

SEES = frozenset((ChangeKind.MESSAGES, ChangeKind.FIELDS))


async def method(self: Adapter, *given: Any) -> Any:
    raise NotImplementedError


def made(offered: Support | None, *methods: str) -> type[Adapter]:
    """Return a class that lists tickets, offers these changes (None: not told), and has methods."""
    offers = {Capability.LIST_TICKETS: native()}
    if offered is not None:
        offers[Capability.CHANGES] = offered
    written = dict.fromkeys((*methods, "list_tickets"), method)
    return type("Acme", (Adapter,), {"name": "acme", "offers": offers, **written})


def changes(mode: ChangeMode, *sees: ChangeKind, **limits: Any) -> Support:
    return emulated(
        "By reading.", limits=CapabilityLimits(mode=mode, sees=SEES | frozenset(sees), **limits)
    )


@pytest.mark.parametrize(
    ("mode", "methods"),
    [
        (ChangeMode.CURSOR, ("read_feed",)),
        (ChangeMode.WINDOW, ("list_changed",)),
        (ChangeMode.SCAN, ()),
        (ChangeMode.SCAN, ("list_spoken",)),
    ],
)
def test_the_methods_of_a_mode_are_taken(mode: ChangeMode, methods: tuple[str, ...]) -> None:
    assert made(changes(mode), *methods).name == "acme"


@pytest.mark.parametrize(
    ("mode", "methods"),
    [
        (ChangeMode.CURSOR, ("read_feed", "list_spoken")),
        (ChangeMode.WINDOW, ("list_changed", "list_spoken")),
    ],
)
def test_the_quick_question_is_for_desks_whose_tickets_are_all_read(
    mode: ChangeMode, methods: tuple[str, ...]
) -> None:
    with pytest.raises(TypeError, match=r"Acme\.list_spoken is for changes of the mode SCAN"):
        made(changes(mode), *methods)


@pytest.mark.parametrize(
    ("mode", "methods", "named"),
    [
        (ChangeMode.CURSOR, (), "read_feed"),
        (ChangeMode.WINDOW, (), "list_changed"),
        (ChangeMode.SCAN, ("list_changed",), "list_changed"),
        (ChangeMode.SCAN, ("read_feed",), "read_feed"),
    ],
)
def test_a_method_of_another_mode_is_refused_and_one_that_lacks(
    mode: ChangeMode, methods: tuple[str, ...], named: str
) -> None:
    with pytest.raises(TypeError, match=rf"Acme.*{named}"):
        made(changes(mode), *methods)


def test_what_is_not_declared_is_a_scan_and_may_have_the_quick_question() -> None:
    assert made(None, "list_spoken").name == "acme"
    with pytest.raises(TypeError, match=r"Acme\.list_changed"):
        made(None, "list_changed")


def test_deletions_are_listed_only_where_they_are_seen() -> None:
    with pytest.raises(TypeError, match="do not see deletions"):
        made(changes(ChangeMode.WINDOW), "list_changed", "list_deleted")
    seeing = changes(ChangeMode.WINDOW, ChangeKind.DELETIONS)
    assert made(seeing, "list_changed", "list_deleted").name == "acme"


@pytest.mark.parametrize("limits", [CapabilityLimits(), CapabilityLimits(mode=ChangeMode.SCAN)])
def test_changes_tell_how_they_are_found_and_what_of(limits: CapabilityLimits) -> None:
    with pytest.raises(TypeError, match="a mode, and what it sees"):
        made(native(limits=limits))


@pytest.mark.parametrize("name", ["resolution", "lag"])
@pytest.mark.parametrize("value", [-1, float("nan"), True, "1"])
def test_what_is_no_number_of_seconds_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match="seconds"):
        made(changes(ChangeMode.SCAN, **{name: value}))


def test_an_adapter_that_has_none_declares_nothing_of_them() -> None:
    lacking = none("It tells nothing.")
    assert made(lacking).offers[Capability.CHANGES].level is Level.NONE
