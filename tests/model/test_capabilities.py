"""What a desk can do is told completely, with a reason, and never grows."""

from __future__ import annotations

import pytest

from helpdesk_bridge.errors import UnsupportedCapability
from helpdesk_bridge.model import (
    Capabilities,
    Capability,
    CapabilityLimits,
    ChangeKind,
    ChangeMode,
    Level,
    Status,
    Support,
    emulated,
    native,
    none,
)

DESK = Capabilities(
    {
        Capability.REPLY: native(limits=CapabilityLimits(body_bytes=10)),
        Capability.NOTE: emulated("By two calls."),
        Capability.FORWARD: none("Set `sender` to forward."),
    }
)


def test_every_capability_has_an_entry() -> None:
    assert list(Capabilities({})) == list(Capability)


def test_what_is_not_declared_cannot_be_done_and_says_why() -> None:
    support = Capabilities({})[Capability.REPLY]
    assert (support.level, bool(support.reason)) == (Level.NONE, True)


@pytest.mark.parametrize(
    ("wanted", "able"),
    [
        ((Capability.REPLY,), True),
        ((Capability.NOTE,), True),
        ((Capability.FORWARD,), False),
        ((Capability.REPLY, Capability.FORWARD), False),
        ((), True),
    ],
)
def test_a_desk_supports_what_it_does_natively_or_by_several_calls(
    wanted: tuple[Capability, ...], able: bool
) -> None:
    assert DESK.supports(*wanted) is able


def test_what_can_be_done_is_listed() -> None:
    assert DESK.supported() == [Capability.REPLY, Capability.NOTE]
    assert repr(DESK) == "<Capabilities: reply, note>"


def test_a_refusal_names_the_capability_and_the_reason() -> None:
    with pytest.raises(UnsupportedCapability, match="forward is not available here") as e:
        DESK.require(Capability.REPLY, Capability.FORWARD, Capability.WEBHOOKS)
    assert "Set `sender`" in str(e.value)
    assert e.value.capability == "forward"


def test_what_can_be_done_may_be_required() -> None:
    DESK.require(Capability.REPLY, Capability.NOTE)


def test_dropped_capabilities_cannot_be_done_any_more() -> None:
    less = DESK.without("Not on this plan.", Capability.REPLY)
    assert (less.supported(), less[Capability.REPLY].reason) == (
        [Capability.NOTE],
        "Not on this plan.",
    )


def test_a_reason_for_dropping_has_its_source() -> None:
    page = "https://docs.vendor.example/plans"
    less = DESK.without("Not on this plan.", Capability.REPLY, source=page)
    assert less[Capability.REPLY].source == page


def test_dropping_leaves_the_original_alone() -> None:
    DESK.without("Not on this plan.", Capability.REPLY)
    assert DESK.supports(Capability.REPLY)


def test_other_limits_replace_only_those_named() -> None:
    limited = DESK.limited([Capability.REPLY], attachments=2)
    assert limited[Capability.REPLY] == Support(
        level=Level.NATIVE, limits=CapabilityLimits(body_bytes=10, attachments=2)
    )
    assert limited[Capability.NOTE] == DESK[Capability.NOTE]


def test_a_limit_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        DESK.limited([Capability.REPLY], pagesize=2)


def test_equal_declarations_are_equal_capabilities() -> None:
    assert Capabilities({Capability.NOTE: native()}) == Capabilities({Capability.NOTE: native()})


def test_limits_show_what_is_set_and_words_as_they_are_written() -> None:
    assert repr(CapabilityLimits()) == "CapabilityLimits()"
    limits = CapabilityLimits(
        page_size=100,
        statuses=frozenset((Status.OPEN, Status.CLOSED)),
        options=frozenset(),
        mode=ChangeMode.WINDOW,
        sees=frozenset((ChangeKind.MESSAGES, ChangeKind.FIELDS)),
        lag=0.5,
    )
    assert repr(limits) == (
        "CapabilityLimits(page_size=100, statuses={'closed', 'open'}, options={}, mode='window',"
        " sees={'fields', 'messages'}, lag=0.5)"
    )


def test_a_support_shows_what_is_set() -> None:
    assert repr(native()) == "Support(level='native')"
    limits = CapabilityLimits(attachments=0)
    assert repr(emulated("By two.", limits=limits, source="https://a.example")) == (
        "Support(level='emulated', limits=CapabilityLimits(attachments=0), reason='By two.',"
        " source='https://a.example')"
    )
