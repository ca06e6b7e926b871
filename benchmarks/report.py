"""Write the figures down: a table and a plot, of ratios within one run."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.steps import STEPS

__all__ = ["figures", "plot", "table"]

_OURS = "helpdesk_bridge {}"
_IDEAL_PAGES = 6 * 0.05
"""The first page tells how many there are; the other 39 go by in five rounds of eight."""
_IDEAL_CONVERSATIONS = 5 * 0.05


def _ratio(rounds: list[dict[str, float]], one: str, other: str) -> float:
    return median(figures[one] / figures[other] for figures in rounds)


def figures(results: dict[str, Any]) -> list[tuple[str, float, str, float, float]]:
    """Return what was to be reached: name, figure, unit, at least, hope."""
    read, grown = results["reading"], results["memory"]

    def peer(name: str) -> float:
        return _ratio(read, name, _OURS.format("HelpSpace"))

    def plain(vendor: str) -> float:
        return _ratio(read, _OURS.format(vendor), f"C {vendor}")

    def seconds(name: str) -> float:
        return median(one[name] for one in results["latency"])

    return [
        ("HelpSpace messages / aiohttp + orjson to dicts", plain("HelpSpace"), "x", 1.6, 1.35),
        ("Airclou messages / the same", plain("Airclou"), "x", 1.7, 1.4),
        ("Omnidesk messages / the same", plain("Omnidesk"), "x", 1.7, 1.4),
        ("httpx + pydantic v2 / helpdesk_bridge", peer("G httpx"), "x", 2.4, 3),
        ("generated SDK / helpdesk_bridge", peer("S"), "x", 14, 18),
        (
            "a request through the transport / bare aiohttp",
            _ratio(results["overhead"], "transport", "bare aiohttp"),
            "x",
            1.2,
            1.1,
        ),
        (
            "40 numbered pages 50 ms away / 6 x 50 ms",
            seconds("40 pages") / _IDEAL_PAGES,
            "x",
            1.25,
            1.1,
        ),
        (
            "40 numbered pages 50 ms away / 5 x 50 ms",
            seconds("40 pages") / _IDEAL_CONVERSATIONS,
            "x",
            1.25,
            1.1,
        ),
        (
            "40 conversations 50 ms away / 5 x 50 ms",
            seconds("40 conversations") / _IDEAL_CONVERSATIONS,
            "x",
            1.25,
            1.1,
        ),
        (
            "a message of 200,000 / of 2,000",
            _ratio(results["streaming"], "200,000", "2,000"),
            "x",
            1.05,
            1.0,
        ),
        (
            "import helpdesk_bridge / import aiohttp",
            _ratio(results["imports"], "helpdesk_bridge", "aiohttp"),
            "x",
            1.25,
            1.1,
        ),
        ("memory for 200,000 messages", grown["stream"], "MB", 20, 8),
        ("memory for sending 5 MB of bytes", grown["upload bytes"], "MB", 12, 8),
        ("memory for sending a file of 5 MB", grown["upload file"], "MB", 12, 8),
        ("memory for a download of 1 GB", grown["download"], "MB", 20, 10),
    ]


_MORE_IS_BETTER = ("httpx + pydantic v2 / helpdesk_bridge", "generated SDK / helpdesk_bridge")


_HEAD = """\
# What it costs

Written by `nox -s bench` (`python -m benchmarks`); the code is in [benchmarks](../../benchmarks).
Python {python}, {versions}.

Each figure is the median of {rounds} rounds in which all rows took turns in one process, beside a
server with prebuilt pages. Times mean nothing on another machine; the ratios hold within a tenth.
Latencies (50 ms) are by the clock, and suffer from whatever else the machine does; memory is how
far the peak of the resident set grew.

| figure | measured | at least | hoped for | reached |
|---|---|---|---|---|"""


def table(results: dict[str, Any]) -> str:
    """Return the page of the results."""
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    lines = [_HEAD.format(**results | {"versions": versions})]
    for name, figure, unit, least, hope in figures(results):
        above = name in _MORE_IS_BETTER
        reached = figure >= least if above else figure <= least
        hoped = figure >= hope if above else figure <= hope
        word = "hoped for" if hoped else "yes" if reached else "no"
        suffix = " MB" if unit == "MB" else ""
        lines.append(f"| {name} | {figure:.2f}{suffix} | {least:g} | {hope:g} | {word} |")
    lines += ["", "CPU per message of a conversation in four pages of 50, x row C:", ""]
    lines += ["| row | x C |", "|---|---|"]
    lines += [f"| {name} | {ratio:.2f} |" for name, ratio in _rows(results)]
    lines += ["", "![CPU per message](reading.svg)", ""]
    lines += ["Where it goes: each row has one step more than the one above.", ""]
    lines += ["| step | x C | more |", "|---|---|---|"]
    before = 0.0
    for name, title in STEPS.items():
        ratio = _ratio(results["steps"], name, "C HelpSpace")
        lines.append(f"| {title} | {ratio:.2f} | {ratio - before:+.2f} |")
        before = ratio
    lines += ["", "What was tried to make it less, and was left: [decisions](../decisions.md).", ""]
    return "\n".join(lines)


_ROWS = {
    "A": "A: aiohttp, bytes only",
    "C HelpSpace": "C: aiohttp + orjson to dicts",
    "helpdesk_bridge HelpSpace": "helpdesk_bridge",
    "G httpx": "G: httpx + pydantic v2",
    "S": "S: generated SDK (Stainless style)",
}


def _rows(results: dict[str, Any]) -> list[tuple[str, float]]:
    read = results["reading"]
    return [(title, _ratio(read, name, "C HelpSpace")) for name, title in _ROWS.items()]


def plot(results: dict[str, Any], folder: Path) -> None:
    """Draw the rows of HelpSpace's messages into reading.png and reading.svg."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "helpdesk_bridge"  # the same drawing is the same file
    from matplotlib import pyplot as plt

    names, ratios = zip(*reversed(_rows(results)), strict=True)
    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    colours = ["#1f6f8b" if name == "helpdesk_bridge" else "#b9c4cc" for name in names]
    bars = axes.barh(names, ratios, color=colours)
    axes.bar_label(bars, [f"{ratio:.2f}" for ratio in ratios], padding=3)
    axes.set_xscale("log")
    axes.set_xlim(0.3, max(ratios) * 2)
    axes.set_xlabel("CPU per message, x aiohttp + orjson to dicts (logarithmic)")
    axes.spines[["top", "right"]].set_visible(False)
    for kind in ("png", "svg"):
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(folder / f"reading.{kind}", dpi=150, metadata=metadata)
