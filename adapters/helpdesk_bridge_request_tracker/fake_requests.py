"""How Request Tracker's REST 2.0 reads requests: bodies, files and JSON queries, for the fake."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from aiohttp import web

from helpdesk_bridge.kit import text_to_html
from helpdesk_bridge.testing import Refusal, Store, StoredFile
from helpdesk_bridge_request_tracker.fake_ticketsql import like

__all__ = [
    "Row",
    "is_true",
    "matching",
    "names_of",
    "no",
    "read_body",
    "read_limits",
    "stored_words",
    "unknown",
]

_NOT_HERE = frozenset(
    (
        *("Cc", "AdminCc", "CustomRoles", "SquelchMailTo", "Type", "SLA", "Disabled", "MergeInto"),
        *("InitialPriority", "FinalPriority", "TimeEstimated", "TimeLeft", "TimeWorked"),
        *("TimeTaken", "TxnCustomFields", "TransactionCustomFields", "Told"),
        *("Starts", "Started", "Due", "Resolved", "DependsOn", "DependedOnBy", "RefersTo"),
        *("ReferredToBy", "MemberOf", "Members", "Parents", "Children"),
    )
)
"""Keys of a body that mean something to RT, and nothing here."""

Row = tuple[int, str, Mapping[str, Any]]
"""A row of a list: its id, its kind ("" when the account may not see it), and its values."""


async def read_body(
    request: web.Request, store: Store, required: str, *, message: bool = False
) -> tuple[dict[str, Any], list[StoredFile]]:
    """Return the fields and files of a body; ``required`` is what a file lacks without a name.

    A message that is no JSON object is an empty 500.
    """
    raw, kind = await request.read(), request.content_type
    uploads: list[tuple[Any, Any, bytes]] = []
    if kind == "multipart/form-data" and required:
        raw, uploads = _uploads(request.headers["Content-Type"], raw)
    elif message and kind in ("text/plain", "text/html"):
        return {"Content": raw.decode(), "ContentType": kind}, []
    elif kind != "application/json":
        raise no(415, "Unsupported Media Type")
    try:
        data = _read_json(raw, dict, "HASH")
    except Refusal:
        if message:
            raise Refusal(500, None) from None
        raise
    people = {"Requestor", "Owner"} if message else set()
    strange = (_NOT_HERE | people) & set(data)
    if strange:
        raise unknown(", ".join(sorted(strange)))
    given = data.pop("Attachments", [])
    for file in given:
        content = base64.b64decode(file.get("FileContent") or "")
        uploads.append((file.get("FileName"), file.get("FileType"), content))
    files = [_file(upload, store, required) for upload in uploads]
    if any(not str(file.get("FileName")).isascii() for file in given):
        raise Refusal(500, None)
    return (data if message else _references(data)), files


def _file(upload: tuple[Any, Any, bytes], store: Store, required: str) -> StoredFile:
    for name, value in zip(("FileName", "FileType", "FileContent"), upload, strict=True):
        if not is_true(value):
            told = required.format(name)
            raise no(400, f"{told} for each attachment in Attachments")
    name, kind, content = upload
    if kind.startswith("text/"):
        try:
            content.decode()
        except UnicodeDecodeError:  # RT rewrites text into UTF-8
            content = content.decode("latin-1").encode()
    return store.file(name, kind, content)


def _read_json(raw: bytes, kind: type[Any], word: str) -> Any:
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise no(400, f"JSON parse error: {error}\n") from None
    if not isinstance(data, kind):
        raise no(400, f"JSON object must be a {word}")
    return data


def _references(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as RT takes them: a reference is its id, another list or object nothing."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict) and {"type", "id", "_url"} <= set(value):
            found[name] = value["id"]
        elif name == "Requestor" and isinstance(value, list):
            raise unknown("a list of requestors")
        elif not isinstance(value, (dict, list)):
            found[name] = value
    return found


def _uploads(content_type: str, raw: bytes) -> tuple[bytes, list[tuple[Any, Any, bytes]]]:
    """Return the field JSON and the files of a multipart body."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    told = b""
    files: list[tuple[Any, Any, bytes]] = []
    for part in BytesParser(policy=HTTP).parsebytes(head + raw).iter_parts():
        content: Any = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if name == "JSON":
            told = content
        elif name == "Attachments":
            files.append((part.get_filename(), part.get_content_type(), content))
    if not told:
        raise no(400, "JSON is a required field for multipart/form-data")
    return told, files


def stored_words(fields: Mapping[str, Any], default: str) -> dict[str, Any]:
    """Return a body as the Store keeps it, with its MIME type as the word."""
    content = fields.get("Content")
    if content is None:
        return {"html": "", "text": "", "word": default if default != "text/plain" else ""}
    kind = fields.get("ContentType") or default
    if kind == "text/html":
        return {"html": content, "word": kind}
    return {"html": text_to_html(content), "text": content, "word": kind}


async def read_limits(request: web.Request) -> list[dict[str, Any]]:
    """Return the JSON query of a list."""
    if request.method == "POST":
        found: list[dict[str, Any]] = _read_json(await request.read(), list, "ARRAY")
        return found
    try:
        query = request.query.get("query", "[]")
        return json.loads(query) if query.startswith("[") else []
    except ValueError:
        raise Refusal(500, None) from None


def matching(rows: Sequence[Row], limits: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return the rows that a JSON query finds: one of the limits of each field must hold."""
    by_field: dict[str, list[Mapping[str, Any]]] = {}
    for limit in limits:
        by_field.setdefault(limit["field"], []).append(limit)
    for field, own in by_field.items():
        if any(field in values for _, _, values in rows):  # what is no field is ignored
            rows = [row for row in rows if any(_holds(_value(row, field), limit) for limit in own)]
    return list(rows)


def _value(row: Row, field: str) -> str:
    """Return what a query compares; the holder of a part that none holds is 0."""
    found = row[2][field]
    return str(found["id"] if found else 0) if field == "Parent" else str(found)


def _holds(found: str, limit: Mapping[str, Any]) -> bool:
    operator, wanted = limit.get("operator", "="), str(limit["value"])
    if operator == "=":
        return found.lower() == wanted.lower()
    if operator == "LIKE" and not found.isdecimal():
        return like(wanted).search(found) is not None
    if operator not in ("<", ">") or not found.isdecimal() or not wanted.isdecimal():
        raise unknown(f"a query with {operator}")
    return int(found) < int(wanted) if operator == "<" else int(found) > int(wanted)


def is_true(value: Any) -> bool:
    """Say whether Perl takes a value for true: "0" is not."""
    return value not in (None, "", "0", b"", b"0", 0)


def names_of(request: web.Request, parameter: str) -> list[str]:
    """Return the names in a parameter that has several, with commas in between."""
    return [name for name in request.query.get(parameter, "").split(",") if name]


def no(status: int, message: str) -> Refusal:
    """Return a refusal with RT's sentence."""
    return Refusal(status, {"message": message})


def unknown(what: str) -> Refusal:
    """Return the refusal of what RT has and the fake has not."""
    return no(501, f"This fake of Request Tracker does not know {what}.")
