"""The fake of Request Tracker answers what a live Request Tracker answers, question by question."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from attrs import define, field, frozen
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

from tests.live.request_tracker import Agent, RequestTracker

LI = "li@agrees.example"
LI_WEI = f'"Li Wei" <{LI}>'
"""RT keeps the name under which it met an address first; other tests do not use this one."""
HTML = "text/html"
JSON = "application/json"
PERSON = "Name,EmailAddress,RealName"
TICKET = [
    (
        "fields",
        "Subject,Status,Priority,Queue,Owner,Requestor,Created,LastUpdated,Told,CustomFields",
    ),
    ("fields[Queue]", "Name"),
    ("fields[Owner]", PERSON),
    ("fields[Requestor]", PERSON),
]
HISTORY = [("fields", "Type,Creator,Created,Data,Field,OldValue,NewValue"), ("orderby", "id")]
PARTS = [("fields", "TransactionId,Filename,ContentType,ContentLength,Subject,Headers,Content")]
PARTS += [("orderby", "id")]


@frozen
class Question:
    """A request. ``<<word>>`` in it stands for what the account has.

    ``keep`` names the record that it makes, or the first rows of the list (``keep.0`` …).
    """

    name: str
    method: str
    path: str
    body: Any = None
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(factory=dict)
    keep: str = ""
    files: Sequence[tuple[str, str, bytes]] | None = None
    authorization: str | None = ""


def found(name: str, sql: str, **more: Any) -> Question:
    query = [("query", sql), ("orderby", "id"), *more.pop("query", [])]
    return Question(f"search: {name}", "GET", "/tickets", query=query, **more)


def ticket(name: str, **fields: Any) -> Question:
    body = {"Queue": "<<queue>>", "Subject": name, "Requestor": LI_WEI, **fields}
    return Question(f"create: {name}", "POST", "/ticket", body, keep=name)


def put(name: str, key: str, body: Any, **more: Any) -> Question:
    return Question(f"put: {name}", "PUT", f"/ticket/<<{key}>>", body, **more)


def sent(name: str, path: str, body: Any, **more: Any) -> Question:
    return Question(f"send: {name}", "POST", path, body, **more)


def shown(key: str, why: str = "") -> list[Question]:
    return [
        Question(
            f"ticket {key}{why}", "GET", f"/ticket/<<{key}>>", query=[("fields[Queue]", "Name")]
        ),
        Question(f"history of {key}{why}", "GET", f"/ticket/<<{key}>>/history", query=HISTORY),
    ]


QUIET = {"TransSquelchMailTo": {"type": "user", "id": [LI], "_url": "-"}}
WORDS = {"Content": "<p>Grüße</p>", "ContentType": HTML}
PLAIN = {"Content": "plain", "ContentType": "text/plain"}
BYTES = bytes(range(256))
FILES = [("дата.txt", "text/plain", "ж".encode()), ("b.bin", "application/octet-stream", BYTES)]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TYPED = {"Content-Type": JSON}

QUESTIONS = [
    # -- new tickets
    ticket("quiet", **WORDS, **QUIET),
    *shown("quiet"),
    ticket(
        "loud",
        Requestor=f"Somebody Else <{LI.upper()}>",
        **PLAIN,
        Owner="<<agent>>",
        Priority=50,
        Status="open",
    ),
    *shown("loud"),
    ticket("squelched by a plain list", TransSquelchMailTo=[LI], Content="0"),
    *shown("squelched by a plain list"),
    ticket("wordless", Requestor="", Status="resolved"),
    *shown("wordless"),
    ticket("left out", Requestor="not an address", Owner="nobody-we-know", Bogus=[1]),
    *shown("left out"),
    ticket("lost", Priority=100, Owner=LI, CustomFields={"No such": "field"}),
    *shown("lost"),
    ticket("0"),
    Question("create: nothing", "POST", "/ticket", {}),
    Question("create: unknown queue", "POST", "/ticket", {"Queue": "nowhere"}),
    *(ticket(word, Status=word) for word in ("stalled", "rejected", "deleted", "bogus", "OPEN")),
    Question("create: half of a JSON", "POST", "/ticket", "{bad", headers=TYPED),
    Question("create: a list", "POST", "/ticket", "[1]", headers=TYPED),
    Question("create: a form", "POST", "/ticket", "Queue=General", headers=FORM),
    Question(
        "create: with files",
        "POST",
        "/ticket",
        {"Queue": "<<queue>>", "Subject": "filed", "Requestor": LI, **WORDS},
        files=FILES,
        keep="filed",
    ),
    *shown("filed"),
    # -- changes
    put("a status", "quiet", {"Status": "open"}),
    put("the same status", "quiet", {"Status": "open"}),
    put("the same status, shouted", "quiet", {"Status": "OPEN"}),
    put("a status, in other letters", "quiet", {"Status": "Stalled"}),
    put("a bad status", "quiet", {"Status": "bogus"}),
    put("no status", "quiet", {"Status": ""}),
    put(
        "everything",
        "quiet",
        {
            "Subject": "Changed",
            "Status": "resolved",
            "Queue": "<<team>>",
            "Owner": "<<agent>>",
            "Priority": "100",
        },
    ),
    *shown("quiet", " after everything"),
    put("a part of it", "quiet", {"Owner": "Nobody", "Queue": "nowhere", "Subject": ""}),
    put("an unknown owner", "quiet", {"Owner": "nobody-we-know"}),
    put("a customer as owner", "quiet", {"Owner": LI}),
    put("an owner in capitals", "quiet", {"Owner": "<<AGENT>>"}),
    put("nothing", "quiet", {"Owner": None, "Subject": None}),
    put("what is not there", "quiet", {"Bogus": 1}),
    put("a number of priority", "quiet", {"Priority": 20}),
    put("a label of priority", "quiet", {"Priority": "Medium"}),
    put("a subject of 250 letters", "quiet", {"Subject": "ü" * 250}),
    put("a subject of two lines", "quiet", {"Subject": "a\nb"}),
    Question("the ticket with that subject", "GET", "/ticket/<<quiet>>"),
    put("half of a JSON", "quiet", "{bad", headers=TYPED),
    put("a list", "quiet", "[1]", headers=TYPED),
    put("an old version", "quiet", {"Subject": "x"}, headers={"If-Match": '"1"'}),
    Question("put: missing ticket", "PUT", "/ticket/99999", {"Status": "open"}),
    Question("the newest version", "GET", "/ticket/<<quiet>>"),
    Question("it again", "GET", "/ticket/<<quiet>>", headers={"If-None-Match": "<<version>>"}),
    put("that version", "quiet", {"Subject": "x"}, headers={"If-Match": "<<version>>"}),
    put("rejected", "quiet", {"Status": "rejected"}),
    *shown("quiet", " after the rejection"),
    put("deleted", "quiet", {"Status": "deleted"}),
    *shown("quiet", " after the deletion"),
    put("undeleted", "quiet", {"Status": "new"}),
    Question("delete", "DELETE", "/ticket/<<lost>>"),
    Question("delete: again", "DELETE", "/ticket/<<lost>>"),
    Question("delete: missing", "DELETE", "/ticket/99999"),
    *shown("lost", " after the deletion"),
    # -- messages
    sent("a reply", "/ticket/<<loud>>/correspond", WORDS, keep="reply"),
    sent("a first reply", "/ticket/<<filed>>/correspond", PLAIN),
    sent("a note", "/ticket/<<loud>>/comment", {**WORDS, "Subject": "Aside"}, keep="note"),
    sent("a reply and a status", "/ticket/<<loud>>/correspond", {**PLAIN, "Status": "stalled"}),
    sent("a reply on a stalled ticket", "/ticket/<<loud>>/correspond", PLAIN),
    sent("a note and a status", "/ticket/<<loud>>/comment", {**PLAIN, "Status": "resolved"}),
    sent("a note on a resolved ticket", "/ticket/<<loud>>/comment", PLAIN),
    sent("a reply on it, resolved", "/ticket/<<loud>>/correspond", {**PLAIN, "Status": "resolved"}),
    sent("a reply and the same status", "/ticket/<<loud>>/correspond", {**PLAIN, "Status": "open"}),
    sent("a reply and a bad status", "/ticket/<<loud>>/correspond", {**PLAIN, "Status": "bogus"}),
    sent("a reply on a deleted ticket", "/ticket/<<lost>>/correspond", PLAIN),
    sent("a reply to nobody", "/ticket/<<wordless>>/correspond", PLAIN),
    sent("an empty reply", "/ticket/<<loud>>/correspond", {"ContentType": HTML}, keep="empty"),
    sent("the word 0", "/ticket/<<loud>>/comment", {"Content": "0", "ContentType": HTML}),
    sent("markdown", "/ticket/<<loud>>/comment", {"Content": "*", "ContentType": "text/markdown"}),
    sent(
        "words alone", "/ticket/<<loud>>/comment", "words", headers={"Content-Type": "text/plain"}
    ),
    sent("no type", "/ticket/<<loud>>/comment", {"Content": "x"}),
    sent("half of a JSON", "/ticket/<<loud>>/comment", "{bad", headers=TYPED),
    sent("a list", "/ticket/<<loud>>/comment", "[1]", headers=TYPED),
    sent("a form", "/ticket/<<loud>>/comment", "a=b", headers=FORM),
    sent("on a missing ticket", "/ticket/99999/comment", PLAIN),
    sent("files", "/ticket/<<loud>>/comment", WORDS, files=FILES, keep="files"),
    sent("latin-1", "/ticket/<<loud>>/comment", PLAIN, files=[("l.txt", "text/plain", b"caf\xe9")]),
    sent("no files", "/ticket/<<loud>>/comment", WORDS, files=[]),
    sent("an empty file", "/ticket/<<loud>>/comment", WORDS, files=[("e.txt", "text/plain", b"")]),
    sent("a file named 0", "/ticket/<<loud>>/comment", WORDS, files=[("0", "text/plain", b"x")]),
    sent(
        "a file in JSON",
        "/ticket/<<loud>>/comment",
        {
            **WORDS,
            "Attachments": [{"FileName": "a.bin", "FileType": "x/y", "FileContent": "AAEC"}],
        },
        keep="json file",
    ),
    sent(
        "a file in JSON with letters",
        "/ticket/<<loud>>/comment",
        {
            **WORDS,
            "Attachments": [{"FileName": "ж", "FileType": "x/y", "FileContent": "AAEC"}],
        },
    ),
    sent(
        "half a file in JSON",
        "/ticket/<<loud>>/comment",
        {**WORDS, "Attachments": [{"FileName": "a"}]},
    ),
    *shown("loud", " at last"),
    *shown("filed", " at last"),
    *shown("wordless", " at last"),
    *shown("lost", " at last"),
    # -- the parts of messages
    *(
        Question(
            f"parts of {key}",
            "POST",
            "/ticket/<<loud>>/attachments",
            [{"field": "TransactionId", "value": f"<<{key}>>"}],
            query=PARTS,
            keep=f"{key}, part",
        )
        for key in ("reply", "note", "empty", "json file", "files")
    ),
    *(
        Question(
            f"holders of parts of {key}{why}",
            "POST",
            "/ticket/<<loud>>/attachments",
            [{"field": "TransactionId", "value": f"<<{key}>>"}, *more],
            query=[("fields", "Parent,ContentType"), ("orderby", "id")],
        )
        for key in ("reply", "files")
        for why, more in (
            ("", [{"field": "Parent", "operator": ">", "value": "0"}]),
            (", the outermost too", []),
        )
    ),
    # -- people
    Question("user: a customer", "GET", f"/user/{LI}"),
    Question("user: in capitals", "GET", f"/user/{LI.upper()}"),
    Question("user: RT itself", "GET", "/user/RT_System"),
    Question("user: nobody we know", "GET", "/user/nobody-we-know"),
    Question("user: with a slash", "GET", "/user/a/b"),
    Question("user: nobody", "GET", "/user/Nobody"),
    Question("user: post", "POST", f"/user/{LI}", {}),
    *(
        Question(
            f"users: {name}",
            "POST",
            "/users",
            limits,
            query=[("fields", "id,Name,EmailAddress,RealName,Organization"), ("orderby", "id")],
        )
        for name, limits in (
            ("by address", [{"field": "EmailAddress", "value": LI.upper()}]),
            (
                "by two addresses",
                [{"field": "EmailAddress", "value": a} for a in ("x@agrees.example", LI)],
            ),
            ("by login", [{"field": "Name", "value": "<<AGENT>>"}]),
            ("by address and a name", [*({"field": f, "value": LI} for f in ("Name", "RealName"))]),
            (
                "by a part of a name",
                [
                    {"field": "RealName", "operator": "LIKE", "value": "I we"},
                    {"field": "EmailAddress", "value": LI},
                ],
            ),
            (
                "by a field that is ignored",
                [
                    {"field": "Organization", "value": "Acme"},
                    {"field": "EmailAddress", "value": LI},
                ],
            ),
        )
    ),
    Question("users: only so named", "POST", "/users", [{"field": "Name", "value": LI}]),
    *(
        Question(
            f"queues: {name}",
            "POST",
            "/queues",
            [{"field": "Name", "value": value} for value in names],
            query=[("fields", "Name"), ("orderby", "id")],
        )
        for name, names in (
            ("one", ["<<queue>>"]),
            ("both", ["<<team>>", "<<queue>>"]),
            ("none", ["nowhere"]),
            ("in capitals", ["<<QUEUE>>"]),
        )
    ),
    Question(
        "queues: the newest first",
        "POST",
        "/queues",
        [{"field": "id", "operator": ">", "value": "0"}],
        query=[("fields", "Name"), ("orderby", "id"), ("order", "DESC")],
        keep="queues",
    ),
    Question("queues: by number", "POST", "/queues", [{"field": "id", "value": "<<queues.0>>"}]),
    Question("queues: no such number", "POST", "/queues", [{"field": "id", "value": "99999"}]),
    *(
        found(f"by the number of a queue, {name}", sql)
        for name, sql in (
            ("the newest", "Queue = '<<queues.0>>'"),
            ("the other", "Queue = '<<queues.1>>'"),
            ("with a nought", "Queue = '0<<queues.1>>'"),
            ("without quotes", "Queue = <<queues.1>>"),
            ("not", "Queue != '<<queues.1>>' AND id >= <<quiet>>"),
            ("no such", "Queue = '99999'"),
        )
    ),
    Question(
        "users: the disabled, too",
        "POST",
        "/users",
        [{"field": "EmailAddress", "value": LI}],
        query=[("fields", "Name"), ("orderby", "id"), ("find_disabled_rows", "1")],
    ),
    Question(
        "groups: the privileged",
        "POST",
        "/groups",
        [
            {"field": "Domain", "value": "SystemInternal"},
            {"field": "Name", "value": "Privileged"},
        ],
        query=[("fields", "Name,Domain"), ("orderby", "id")],
    ),
    Question("group: the privileged", "GET", "/group/4"),
    *(Question(f"file {n}", "GET", f"/attachment/<<files, part.{n}>>") for n in range(4)),
    Question("file of the note", "GET", "/attachment/<<note, part.0>>"),
    Question("transaction of the note", "GET", "/transaction/<<note>>"),
    Question("transaction with files", "GET", "/transaction/<<files>>"),
    Question(
        "parts by id",
        "POST",
        "/attachments",
        [{"field": "id", "value": "<<note, part.0>>"}, {"field": "id", "value": "9999999"}],
        query=[("fields", "Content")],
    ),
    Question("parts: an object", "POST", "/ticket/<<loud>>/attachments", {"field": "id"}),
    Question(
        "parts: half of a JSON", "POST", "/ticket/<<loud>>/attachments", "[bad", headers=TYPED
    ),
    Question("no such file", "GET", "/attachment/9999999"),
    Question("no such transaction", "GET", "/transaction/9999999"),
    Question("a file that is no number", "GET", "/attachment/abc"),
    # -- lists
    *(
        Question(
            f"history, page {page}",
            "GET",
            "/ticket/<<loud>>/history",
            query=[("per_page", "4"), ("page", page), ("orderby", "id"), ("fields", "Type,Bogus")],
        )
        for page in ("1", "2", "99", "abc", "0")
    ),
    Question(
        "history after a row",
        "GET",
        "/ticket/<<loud>>/history",
        query=[
            ("query", '[{"field": "id", "operator": ">", "value": "<<reply>>"}]'),
            ("per_page", "3"),
            ("orderby", "id"),
            ("fields[Creator]", PERSON),
            ("fields", "Creator"),
        ],
    ),
    Question(
        "history by types",
        "POST",
        "/ticket/<<loud>>/history",
        [{"field": "Type", "value": "Create"}, {"field": "Type", "value": "Comment"}],
        query=[("per_page", "2"), ("orderby", "id"), ("fields", "Type")],
    ),
    Question(
        "history by no field",
        "GET",
        "/ticket/<<quiet>>/history",
        query=[
            ("query", '[{"field": "Bogus", "value": "1"}]'),
            ("order", "DESC"),
            ("orderby", "id"),
        ],
    ),
    Question(
        "history, the newest first",
        "GET",
        "/ticket/<<loud>>/history",
        query=[("order", "DESC"), ("orderby", "id"), ("per_page", "3"), ("fields", "Type")],
    ),
    Question("history: bad query", "GET", "/ticket/<<loud>>/history", query=[("query", "[bad")]),
    Question("history of nothing", "GET", "/ticket/99999/history"),
    Question("parts of nothing", "GET", "/ticket/99999/attachments"),
    found("all", "id > 0", query=TICKET),
    *(
        found(f"page {n}", "id > 0", query=[("per_page", "3"), ("page", n), ("fields", "Subject")])
        for n in ("1", "2", "99", "abc")
    ),
    *(
        Question(
            f"search by {by}, page {page}",
            "GET",
            "/tickets",
            query=[
                ("query", "id > 0"),
                *(("orderby", name) for name in (by, "id")),
                *(("order", word) for word in words),
                ("per_page", "4"),
                ("page", page),
                ("fields", "Subject"),
            ],
        )
        for by, words in (("id", ("DESC", "ASC")), ("Created", ("ASC", "ASC")))
        for page in ("1", "2")
    ),
    found("backwards", "id > 0", query=[("order", "desc"), ("per_page", "200")]),
    Question("search: nothing", "GET", "/tickets"),
    *(
        found(sql, sql)
        for sql in (
            "id = <<loud>>",
            "id = '<<loud>>'",
            "id=<<loud>> or id=<<filed>>",
            "(id = <<loud>> OR id = <<filed>>) AND Status = 'open'",
            "Status = 'new' AND Queue = '<<queue>>'",
            "status = 'NEW'",
            "Status != 'new'",
            "Status = 'bogus'",
            "Status = 'deleted'",
            'Status = "open"',
            "Subject = 'LOUD'",
            "Subject LIKE 'OU'",
            "Subject LIKE 'l%d'",
            "Subject LIKE 'l_ud'",
            "Subject NOT LIKE 'ou'",
            r"Subject LIKE 'it\'s \\'",
            "Owner = 'Nobody'",
            "Owner.Name = '<<agent>>'",
            "Owner.Name = 'nobody-we-know'",
            "Owner.EmailAddress = '<<mail>>'",
            f"Requestor.EmailAddress = '{LI.upper()}'",
            f"Requestor.Name = '{LI}'",
            f"Requestor = '{LI}'",
            "Requestor.EmailAddress LIKE 'agrees'",
            "Queue = '<<team>>'",
            "Queue = 'nowhere'",
            "Created >= '2020-01-01 00:00:00'",
            "LastUpdated >= '2100-01-01 00:00:00'",
            "Priority > 10",
            "Priority = 100",
            "id > 0 AND (Status = 'open' OR Status = 'resolved')",
            "id",
            "id >",
            "id > 3 AND",
            "bogus = 'x'",
            "id ~ 3",
            "Status = new",
        )
    ),
    # -- the rest
    Question("no credentials", "GET", "/ticket/<<loud>>", authorization=None),
    Question("a wrong token", "GET", "/ticket/<<loud>>", authorization="token 1-99-wrong"),
    Question("a wrong password", "GET", "/ticket/<<loud>>", authorization="Basic cm9vdDp4"),
    Question("wrong, and nothing there", "GET", "/nothing", authorization=None),
    Question("no such path", "GET", "/nothing"),
    Question("no such path of a ticket", "GET", "/ticket/<<loud>>/nothing"),
    Question("no such ticket", "GET", "/ticket/99999"),
    Question("a ticket that is no number", "GET", "/ticket/abc"),
    Question("patch", "PATCH", "/ticket/<<loud>>", {}),
    Question("a ticket over another", "POST", "/ticket/<<loud>>", {}),
    Question("read a reply's address", "GET", "/ticket/<<loud>>/correspond"),
    Question("change a file", "POST", "/attachment/<<note, part.0>>", {}),
    Question("options", "OPTIONS", "/ticket/<<loud>>"),
    Question("user: the account", "GET", "/user/<<agent>>"),
    Question("all parts", "GET", "/ticket/<<loud>>/attachments", query=PARTS),
]

MAY_NOT = ("ShowTicketComments", "CommentOnTicket", "ModifyTicket", "DeleteTicket")
LIMITED = [
    ticket("mine", **PLAIN, **QUIET),
    sent("a note", "/ticket/<<mine>>/comment", PLAIN),
    sent("a reply", "/ticket/<<mine>>/correspond", PLAIN),
    put("everything", "mine", {"Status": "resolved", "Subject": "y", "Priority": "50"}),
    put("a queue", "mine", {"Queue": "<<team>>"}),
    put("an owner", "mine", {"Owner": "<<agent>>"}),
    put("deleted", "mine", {"Status": "deleted"}),
    Question("delete", "DELETE", "/ticket/<<mine>>"),
    *shown("mine"),
]
HIDDEN = [
    ticket("mine", **PLAIN),
    sent("a note", "/ticket/<<mine>>/comment", PLAIN, files=FILES, keep="note"),
    *(sent(f"note {n}", "/ticket/<<mine>>/comment", PLAIN) for n in range(5)),
    sent("a reply", "/ticket/<<mine>>/correspond", WORDS, files=FILES, keep="reply"),
    sent("another note", "/ticket/<<mine>>/comment", PLAIN),
    sent("another reply", "/ticket/<<mine>>/correspond", WORDS),
    sent("the last note", "/ticket/<<mine>>/comment", PLAIN),
    *shown("mine"),
    *(
        Question(
            f"{what}, page {page}",
            "GET",
            f"/ticket/<<mine>>/{what}",
            query=[("per_page", "2"), ("page", str(page)), ("orderby", "id")],
        )
        for what in ("history", "attachments")
        for page in range(1, 9)
    ),
    Question("a note", "GET", "/transaction/<<note>>"),
    *(
        Question(
            f"parts of the {key}",
            "POST",
            "/ticket/<<mine>>/attachments",
            [{"field": "TransactionId", "value": f"<<{key}>>"}],
        )
        for key in ("note", "reply")
    ),
]
"""What is asked by agents who may not see all of it."""
HIDING = (
    ("ShowTicketComments",),
    ("ShowOutgoingEmail",),
    ("ShowTicketComments", "ShowOutgoingEmail"),
)

DIFFERENCES = {
    "user: the account": "RT keeps transactions of users, and the newest is the ETag.",
    "all parts": "RT's templates add words to the mails that it keeps.",
}
"""Where the fake answers otherwise, and why. All else must be equal."""

OWN = ("mail", "person", "agent", "queue", "team")
"""What is called otherwise on each server, and read as ``<its name>``."""
TOLD_HEADERS = ("content-type", "content-length", "content-disposition", "subject")
"""Of the headers that RT keeps of a part, those that say something to a reader."""


@define
class Place:
    """A server, an account there, and what both have; answers are read without what is theirs."""

    base_url: str
    token: str
    words: dict[str, str]
    _numbers: dict[str, dict[str, int]] = field(factory=dict, init=False)

    async def ask(self, session: ClientSession, question: Question) -> dict[str, Any]:
        """Ask, and return the answer without ids, times and names."""
        headers = {name: self._filled(value) for name, value in question.headers.items()}
        if question.authorization is not None:
            headers["Authorization"] = question.authorization or f"token {self.token}"
        data: Any = self._filled(question.body)
        if question.files is not None:
            form = FormData(default_to_multipart=True)
            form.add_field("JSON", json.dumps(data))
            for name, kind, content in question.files:
                form.add_field("Attachments", content, filename=name, content_type=kind)
            data = form
        elif data is not None and not isinstance(data, str):
            headers["Content-Type"], data = JSON, json.dumps(data)
        query = [(name, self._filled(value)) for name, value in question.query]
        url = self.base_url + self._filled(question.path)
        async with session.request(
            question.method, url, params=query, data=data, headers=headers
        ) as answer:
            raw = await answer.read()
            body = json.loads(raw) if raw else None
            self.words["version"] = answer.headers.get("ETag", "")
            if question.keep:
                self._keep(question.keep, answer.headers.get("Location"), body)
            told = {name: answer.headers.get(name) for name in ("Location", "ETag", "Connection")}
            return {
                "status": answer.status,
                "type": answer.content_type if raw else None,
                "allow": sorted(answer.headers.get("Allow", "").split(", ")),
                "dated": self._text(answer.headers.get("Last-Modified", "")),
                **{name: self._text(value or "") for name, value in told.items()},
                "body": self._told(body),
            }

    def _keep(self, name: str, location: str | None, body: Any) -> None:
        if location is not None:
            self.words[name] = location.rpartition("/")[2]
        elif isinstance(body, dict):
            for index, row in enumerate(body.get("items", [])):
                self.words[f"{name}.{index}"] = row["id"]

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return re.sub("<<([^<>]+)>>", lambda found: self.words[found[1]], value)
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        return value

    def _told(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._told(item) for item in value]
        if isinstance(value, dict):
            return {name: self._member(name, value[name], value) for name in sorted(value)}
        return self._text(value) if isinstance(value, str) else value

    def _member(self, name: str, item: Any, record: Mapping[str, Any]) -> Any:
        if name == "_hyperlinks":
            return sorted(json.dumps(self._told(link), sort_keys=True) for link in item)
        if name == "id" and str(item).isdigit():
            kind = record.get("type") or record["_hyperlinks"][0]["type"]
            return [type(item).__name__, self._number(kind, str(item))]
        if name == "TransactionId" and isinstance(item, str):
            return self._number("transaction", item)
        if name in ("EffectiveId", "ObjectId") and isinstance(item, str):
            return self._number("ticket", item)
        if name in ("OldValue", "NewValue") and record.get("Field") in ("Owner", "Queue"):
            return self._number(record["Field"], item)
        if name == "Headers":
            lines = [re.sub("; boundary=.*", "", line) for line in item.split("\n")]
            kept = [line for line in lines if line.lower().startswith(TOLD_HEADERS)]
            return sorted(self._text(line) for line in kept)
        if name == "next_page" or name == "prev_page":
            return sorted(pair for pair in self._text(item).split("?")[1].split("&") if pair != "=")
        return self._told(item)

    def _text(self, text: str) -> str:
        text = text.replace(self.base_url, "")
        # The longest first: a name may be a part of another.
        for name in sorted(OWN, key=lambda own: -len(self.words[own])):
            text = re.sub(rf"\b{re.escape(self.words[name])}\b", f"<{name}>", text)
        text = self._numbered(r"(?<=^Ticket )\d+", "ticket", text)
        for kind in ("ticket", "transaction", "attachment", "queue", "user"):
            text = self._numbered(rf"(?<=/{kind}/)\d+", kind, text)
        text = self._numbered(r'(?<=^")\d+(?="$)', "transaction", text)
        text = re.sub(r"(?!1970)\d{4}-\d\d-\d\dT[\d:]+Z", "<time>", text)
        text = re.sub(r"rt-5\.0\.3\S*@[\w.]+", "<message id>", text)
        text = re.sub(
            r"^(JSON parse error|Wrong query|Incomplete query).*", r"\1", text, flags=re.DOTALL
        )
        return re.sub(r" at /usr/share/.*\n", "\n", text)

    def _numbered(self, pattern: str, kind: str, text: str) -> str:
        return re.sub(pattern, lambda found: self._number(kind, found[0]), text)

    def _number(self, kind: str, key: str) -> str:
        """Return which one of its kind this is, in the order in which they were told."""
        seen = self._numbers.setdefault(kind, {})
        return f"{kind} {seen.setdefault(key, len(seen))}"


def place_of(base_url: str, agent: Agent, *, mail: str, person: str) -> Place:
    words = {
        "queue": agent.queue,
        "QUEUE": agent.queue.upper(),
        "team": agent.team,
        "agent": agent.agent,
        "AGENT": agent.agent.upper(),
        "mail": mail,
        "person": person,
    }
    return Place(base_url, agent.token, words)


def live_place(server: RequestTracker, agent: Agent) -> Place:
    mail, person = f"{agent.agent}@desk.test", f"Agent {agent.queue}"
    return place_of(f"{server.base_url}/REST/2.0", agent, mail=mail, person=person)


def fake_place(fake: RequestTrackerFake) -> Place:
    login, mail, person = fake.agent.id, fake.agent.email, fake.agent.name
    agent = Agent(
        queue="General", team="Billing", agent=str(login), colleague="Nobody", token=fake.token
    )
    return place_of(fake.base_url, agent, mail=str(mail), person=str(person))


async def different(
    request_tracker: RequestTracker, questions: Sequence[Question], may_not: Sequence[str] = ()
) -> dict[str, Any]:
    """Ask both, and return the answers that differ: the live one first."""
    live = live_place(request_tracker, request_tracker.new_account(may_not=may_not))
    names = [question.name for question in questions]
    assert len(set(names)) == len(names)
    async with RequestTrackerFake(may_not=may_not) as server, ClientSession() as session:
        fake = fake_place(server)
        pairs = {
            question.name: (await live.ask(session, question), await fake.ask(session, question))
            for question in questions
        }
    return {name: {"live": a, "fake": b} for name, (a, b) in pairs.items() if a != b}


@pytest.mark.asyncio
async def test_the_fake_answers_as_request_tracker_does(request_tracker: RequestTracker) -> None:
    odd = await different(request_tracker, QUESTIONS)
    assert {name: pair for name, pair in odd.items() if name not in DIFFERENCES} == {}
    assert set(odd) == set(DIFFERENCES), "a difference that is listed is none any more"


@pytest.mark.asyncio
async def test_it_refuses_the_same_to_an_agent_of_few_rights(
    request_tracker: RequestTracker,
) -> None:
    assert await different(request_tracker, LIMITED, MAY_NOT) == {}


@pytest.mark.asyncio
@pytest.mark.parametrize("may_not", HIDING, ids=" ".join)
async def test_it_leaves_the_same_rows_out(
    request_tracker: RequestTracker, may_not: tuple[str, ...]
) -> None:
    odd = await different(request_tracker, HIDDEN, may_not)
    assert odd == {}
