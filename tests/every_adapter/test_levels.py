"""What is called native is done by one request, and by nothing here; what is emulated is not."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import combinations

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config import registry
from helpdesk_bridge.model import Capability, Level, Support
from tests.every_adapter.bench import opened_bench
from tests.every_adapter.levels import CASES, UNCOUNTED
from tests.vendors import ADAPTERS, FAKES

SAID = [
    pytest.param(adapter, capability, id=f"{adapter}-{capability.value}")
    for adapter in FAKES
    for capability in Capability
]
ADDRESS = re.compile(r"https://[\w-]+(\.[\w-]+)+(/[!-~]*)?")
OBSERVED = re.compile(r"observed on [A-Z].* [0-9]+(\.[0-9]+)*")
PRODUCTS = {
    "airclou": ("airclou",),
    "helpspace": ("helpspace",),
    "omnidesk": ("omnidesk",),
    "request_tracker": ("rt", "request tracker", "ticketsql", "requestor", "requestors"),
}
OF_A_VENDOR = ("vendor", "vendors", "api", "document", "documents", "documented")
NOT_YET = "not offered by this adapter yet"


def test_each_capability_has_a_case_or_a_reason_why_it_has_none() -> None:
    assert not set(CASES) & set(UNCOUNTED)
    assert set(CASES) | set(UNCOUNTED) == set(Capability)


@pytest.mark.asyncio
@pytest.mark.parametrize(("adapter", "capability"), SAID)
async def test_the_level_is_what_is_measured(adapter: str, capability: Capability) -> None:
    async with opened_bench(adapter) as bench:
        level = bench.desk.capabilities[capability].level
        if level is Level.NONE or capability in UNCOUNTED:
            return
        await CASES[capability](bench)
    assert bench.measures, f"no way of it is accepted: {bench.refused}"
    is_native = all(measure.is_native for measure in bench.measures)
    measured = Level.NATIVE if is_native else Level.EMULATED
    told = [f"{one.way}: {one.requests} requests, {one.ours or '-'}" for one in bench.measures]
    assert level is measured, f"measured {measured}: {'; '.join(told)}"


# -- what is said of a vendor ------------------------------------------------------------------


def untold(adapter: str, support: Support) -> list[str]:
    """Return the words by which a reason speaks of a vendor without telling its source."""
    if support.source:
        return []
    reason = support.reason.casefold()
    if NOT_YET in reason:  # then the vendor has it, and somewhere says so
        return [NOT_YET]
    words = re.findall(r"\w+(?: tracker)?", reason)
    return [word for word in words if word in (*PRODUCTS.get(adapter, ()), *OF_A_VENDOR)]


def test_every_adapter_with_a_vendor_has_the_words_for_it() -> None:
    assert set(PRODUCTS) == set(FAKES)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_no_reason_speaks_of_a_vendor_without_its_source(adapter: str) -> None:
    offers = registry.load(adapter).offers
    told = {c.value: s.reason for c, s in offers.items() if untold(adapter, s)}
    assert told == {}


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_no_reason_of_an_account_that_lacks_a_setting_does_so_either(adapter: str) -> None:
    """What is missing without a setting is said by the desk, and by no class."""
    told: dict[str, str] = {}
    async with FAKES[adapter]() as fake:
        table = fake.table()
        settings = sorted(set(table) - {"adapter", "base_url"})
        for left_out in (*combinations(settings, 1), *combinations(settings, 2)):
            fewer = {key: value for key, value in table.items() if key not in left_out}
            with suppress(hb.ConfigurationError):
                async with hb.connect("it", config={"desks": {"it": fewer}}) as desk:
                    bare = {c: s for c, s in desk.capabilities.items() if untold(adapter, s)}
                    told |= {
                        f"{c} without {' and '.join(left_out)}": s.reason for c, s in bare.items()
                    }
    declared = {support.reason for support in registry.load(adapter).offers.values()}
    assert {what: reason for what, reason in told.items() if reason not in declared} == {}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_source_is_an_address_or_says_where_it_was_observed(adapter: str) -> None:
    for capability, support in registry.load(adapter).offers.items():
        for source in filter(None, [support.source]):
            assert ADDRESS.fullmatch(source) or OBSERVED.fullmatch(source), (capability, source)


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("RT's API cannot forward.", ["rt", "api"]),
        ("As RT compares them.", ["rt"]),
        ("Request Tracker mails it.", ["request tracker"]),
        ("The vendor documents none.", ["vendor", "documents"]),
        ("Not offered by this adapter yet: webhooks.", ["not offered by this adapter yet"]),
        ("Sorted here; start with the first part.", []),
    ],
)
def test_a_reason_about_a_vendor_is_seen(reason: str, found: list[str]) -> None:
    assert untold("request_tracker", Support(level=Level.NONE, reason=reason)) == found
    told = Support(level=Level.NONE, reason=reason, source="https://docs.vendor.example")
    assert untold("request_tracker", told) == []


@pytest.mark.parametrize(
    ("source", "is_good"),
    [
        ("https://docs.vendor.example/api#tickets", True),
        ("https://docs.vendor.example", True),
        ("http://docs.vendor.example/api", False),
        ("the vendor's page", False),
        ("observed on Request Tracker 5.0.3", True),
        ("observed on Request Tracker", False),
        ("observed", False),
    ],
)
def test_what_a_source_looks_like(source: str, is_good: bool) -> None:
    assert bool(ADDRESS.fullmatch(source) or OBSERVED.fullmatch(source)) is is_good
