"""Change one node of an answer, and judge what an adapter then makes of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import frozen
from hypothesis import strategies as st

from helpdesk_bridge.errors import HelpdeskError

Path = tuple[str | int, ...]
Feeds = Mapping[str, frozenset[str]]

NOWHERE = frozenset[str]()
WORDS = ["zq7-secret@a.example", "internal", "external", "closed", "2001-02-03T04:05:06+00:00", ""]
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([True, False, 987654321987, -987654321987, 10**400, 8675.309, "8675309123"]),
    st.sampled_from(WORDS),
    st.text(max_size=20).map(lambda text: f"zq7-{text}-secret"),
    st.sampled_from([[], {}, ["zq7-secret"], [{}], [None], {"zq7-secret": 1}, {"id": {}}]),
)

# -- mutations -------------------------------------------------------------------------------


@frozen
class Mutation:
    """What was done to which node of a payload."""

    what: str
    path: Path
    payload: Any
    value: Any = None


def nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every node."""
    yield path
    if isinstance(value, (dict, list)):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from nodes(value[step], (*path, step))


def node(payload: Any, path: Path) -> Any:
    """Return the node at ``path``."""
    for step in path:
        payload = payload[step]
    return payload


@st.composite
def mutations(
    draw: st.DrawFn,
    make: Callable[[], Any],
    *,
    names: Sequence[str] = ("novelty",),
    values: st.SearchStrategy[Any] = VALUES,
) -> Mutation:
    """Drop, null or retype a node of what ``make`` returns, or add one by one of ``names``."""
    payload = make()
    path = draw(st.sampled_from(list(nodes(payload))))
    old = node(payload, path)
    added: list[Any] = []
    if isinstance(old, dict):
        added = [name for name in names if name not in old]
    elif isinstance(old, list):
        added = [len(old)]
    choices = ["null", "retype", *(["drop"] if path else []), *(["add"] if added else [])]
    what = draw(st.sampled_from(choices))
    value = None if what in ("null", "drop") else draw(values)
    if what == "add":
        path = (*path, draw(st.sampled_from(added)))
    if not path:
        return Mutation(what, path, value, value)
    parent = node(payload, path[:-1])
    if what == "drop":
        del parent[path[-1]]
    elif isinstance(parent, list) and what == "add":
        parent.append(copy.deepcopy(value))
    else:
        parent[path[-1]] = copy.deepcopy(value)
    return Mutation(what, path, payload, value)


# -- judgements ------------------------------------------------------------------------------


def dotted(path: Path, root: str = "$") -> str:
    """Return ``path`` as an error names it."""
    return root + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path)


def fed_by(feeds: Feeds, path: Path) -> frozenset[str]:
    """Return the fields of ours that a record's node feeds, by itself or as a part of another."""
    while path:
        found = feeds.get(dotted(path, "").removeprefix("."))
        if found is not None:
            return found
        path = path[:-1]
    return NOWHERE


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return every field of a ticket or message by its dotted path."""
    if isinstance(value, dict) and path != "custom_fields":
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, (tuple, list)) and path == "attachments":
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{index}")
    else:
        yield path, value


def fields(model: Any, without: frozenset[str] = NOWHERE) -> dict[str, Any]:
    """Return the fields of a ticket or message by dotted path, less those ``without``."""
    data = attrs.asdict(model, filter=lambda attribute, _: attribute.name != "raw")
    return {
        path: value
        for path, value in leaves(data)
        if not any(path == fed or path.startswith(f"{fed}.") for fed in without)
    }


def is_named(error: HelpdeskError, mutation: Mutation) -> bool:
    """Say whether the error's path is that of the node, or of something in its new value.

    What was dropped is named by the node it is missing from.
    """
    where, named = dotted(mutation.path), getattr(error, "path", "") or ""
    above = mutation.what == "drop" and named == dotted(mutation.path[:-1])
    return above or named == where or named.startswith((f"{where}.", f"{where}["))


def shown(value: Any) -> set[str]:
    """Return what an error text must not hold of a value: whatever could be somebody's."""
    if isinstance(value, dict):
        return set().union(*(shown(v) for v in value.values()), {k for k in value if "zq7" in k})
    if isinstance(value, list):
        return set().union(*(shown(v) for v in value))
    text = str(value)
    return {text} if not isinstance(value, bool) and len(text) > 6 else set()
