"""Mails as Request Tracker lists their parts, made from their shapes."""

from __future__ import annotations

from typing import Any

from tests.adapters.request_tracker.conftest import part_json

TREE = "multipart/mixed"
Made = tuple[list[dict[str, Any]], dict[str, str], dict[str, str]]


def part(kind: str, *content: Any, name: str = "", **headers: str) -> tuple[Any, ...]:
    """Return a part: a kind, its words or the parts that it holds, and headers."""
    return kind, content, name, headers


def plain(words: str, **more: Any) -> tuple[Any, ...]:
    return part("text/plain", words, **more)


def html(words: str, **more: Any) -> tuple[Any, ...]:
    return part("text/html", words, **more)


def image(name: str = "pic.png", **headers: str) -> tuple[Any, ...]:
    return part("image/png", "PNG", name=name, **headers)


def recorded(root: tuple[Any, ...]) -> Made:
    """Return what RT lists of a mail: rows, holders, and words."""
    rows: list[dict[str, Any]] = []
    parents: dict[str, str] = {}
    bodies: dict[str, str] = {}

    def add(entry: tuple[Any, ...], holder: str) -> None:
        kind, content, name, headers = entry
        number = str(len(rows) + 1)
        words = "".join(one for one in content if isinstance(one, str))
        lines = [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
        told = {"ContentType": kind, "Filename": name, "ContentLength": str(len(words))}
        rows.append(part_json(int(number), 99, Headers="\n".join(lines), **told))
        if holder:
            parents[number] = holder
        if words and kind.startswith("text/"):
            bodies[number] = words
        for one in content:
            if not isinstance(one, str):
                add(one, number)

    add(root, "")
    return rows, parents, bodies
