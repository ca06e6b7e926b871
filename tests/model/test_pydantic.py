"""Pydantic, and so FastAPI, understand the values by themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import attrs
import pytest
import pytest_asyncio
from fastapi import Body, FastAPI
from httpx import ASGITransport, AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

import helpdesk_bridge as hb
from tests.model.values import ERRORS, ROUND_TRIPS, values

LI = hb.Party(name="Li", email="li@customer.example", role=hb.Role.CUSTOMER)
TICKET = hb.Ticket(id="1", subject="S", status=hb.Status.OPEN, requester=LI, raw={"secret": 1})
MESSAGES = [
    hb.Message(id="2", ticket_id="1", html="<p>Hi</p>", author=LI),
    hb.Message(id="3", ticket_id="1", attachments=(hb.Attachment(id="4", size=3),)),
]


class Case(BaseModel):
    ticket: hb.Ticket
    messages: list[hb.Message] = []
    owner: hb.Party | None = None


def adapter_json(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).dump_python(value, mode="json")


@pytest.mark.parametrize("kind", ROUND_TRIPS, ids=str)
@given(st.data())
@settings(max_examples=10, deadline=None)
def test_pydantic_writes_and_reads_as_we_do(kind: Any, data: st.DataObject) -> None:
    value, adapter = data.draw(values(kind)), TypeAdapter(kind)
    written = hb.to_dict(value)
    assert adapter.dump_python(value, mode="json") == written
    assert adapter.validate_python(adapter.dump_python(value)) == hb.from_dict(kind, written)
    assert adapter.validate_python(written) == hb.from_dict(kind, written)
    assert adapter.validate_python(value) is value


@pytest.mark.parametrize("kind", ROUND_TRIPS, ids=str)
@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_its_schema_says_the_same_as_ours(kind: Any, mode: Any) -> None:
    theirs = TypeAdapter(kind).json_schema(mode=mode)
    Draft202012Validator.check_schema(theirs)
    ours = hb.json_schema(kind)
    assert set(theirs["properties"]) == set(ours["properties"])
    assert set(theirs.get("$defs", ())) >= set(ours.get("$defs", ())) - {"HelpdeskError"}
    if kind is hb.Page[hb.Ticket]:
        judge = Draft202012Validator(theirs)
        assert judge.is_valid({"items": [{"id": "1"}]})
        assert not judge.is_valid({"items": [{"id": 1}]})


def test_a_model_may_have_them_as_fields() -> None:
    case = Case(ticket=TICKET, messages=MESSAGES, owner=LI)
    again = Case.model_validate_json(case.model_dump_json())
    assert (again.ticket, again.messages, again.owner) == (TICKET, MESSAGES, LI)
    assert "raw" not in case.model_dump()["ticket"]
    assert sorted(Case.model_json_schema()["$defs"]) == [
        *("Attachment", "Channel", "Message", "Party", "Ticket")
    ]


def test_what_does_not_fit_is_an_error_of_pydantics_at_its_place() -> None:
    with pytest.raises(ValidationError) as caught:
        Case.model_validate({"ticket": {"id": "1", "requester": {"name": 5}}})
    (told,) = caught.value.errors()
    assert told["loc"] == ("ticket",)
    assert told["msg"] == "$.requester.name: expected a string, got a number."


def test_a_conversation_and_a_page_with_errors_are_written() -> None:
    told = hb.Conversation(TICKET, MESSAGES, ERRORS[0])
    written = TypeAdapter(hb.Conversation).dump_python(told)
    assert adapter_json(hb.Conversation, told) == hb.to_dict(told)
    assert written["ticket"]["status"] is hb.Status.OPEN
    page = hb.Page(items=(TICKET,), problems=(hb.Problem(index=1, error=ERRORS[0]),))
    assert json.loads(TypeAdapter(hb.Page[hb.Ticket]).dump_json(page)) == hb.to_dict(page)


def test_one_of_several_is_written_as_what_it_is() -> None:
    either = TypeAdapter(hb.Ticket | hb.Message)
    assert either.dump_python(MESSAGES[0], mode="json") == hb.to_dict(MESSAGES[0])
    assert either.validate_python(MESSAGES[0]) is MESSAGES[0]


class Twin(BaseModel):
    """What pydantic makes of its own models, to compare with."""

    model_config = ConfigDict(from_attributes=True)
    name: str | None = None
    email: str | None = None
    role: hb.Role = hb.Role.UNKNOWN


class Letter(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: str
    author: Twin = Twin()
    to: tuple[Twin, ...] = ()
    subject: str | None = None
    created_at: datetime | None = None


LETTER = hb.Message(
    id="2",
    ticket_id="1",
    author=LI,
    to=(LI, hb.Party(name="Bo"), hb.Party()),
    created_at=datetime(2026, 5, 1, tzinfo=UTC),
)
ASKED: list[dict[str, Any]] = [
    {"exclude": {"author"}},
    {"exclude": {"author": {"email"}, "to": {0}}},
    {"exclude": {"to": {"__all__": {"email"}, -1: True}}},
    {"exclude": {"to": {0: {"name"}, 1: ...}}, "exclude_none": True},
    {"include": {"id", "subject"}},
    {"include": {"to": {-1: {"role"}, 0: True}}},
    {"include": {"id", "author"}, "exclude": {"author": {"name"}}},
    {"exclude_none": True},
    {"exclude_defaults": True},
]


@pytest.mark.parametrize("asked", ASKED, ids=range(len(ASKED)))
@pytest.mark.parametrize("mode", ["python", "json"])
def test_what_is_left_out_is_what_pydantic_leaves_out(asked: dict[str, Any], mode: Any) -> None:
    theirs = Letter.model_validate(LETTER).model_dump(mode=mode, **asked)
    keys = set(Letter.model_fields) & set(asked.get("include", Letter.model_fields))
    ours = TypeAdapter(hb.Message).dump_python(LETTER, mode=mode, **asked)
    assert _within({key: one for key, one in ours.items() if key in keys}) == theirs


def _within(value: Any) -> Any:
    """Return the value without the fields of a Party that Twin has not."""
    if isinstance(value, dict):
        others = ("id", "organization", "phone", "external_id")
        own = {k: _within(v) for k, v in value.items()}
        return {k: v for k, v in own.items() if "ticket" in own or k not in others or v == "2"}
    return type(value)(map(_within, value)) if isinstance(value, (list, tuple)) else value


def test_nulls_of_somebodys_own_fields_stay() -> None:
    ticket = hb.Ticket(id="1", custom_fields={"a": None})
    written = TypeAdapter(hb.Ticket).dump_python(ticket, exclude_none=True)
    assert written["custom_fields"] == {"a": None}
    assert "team" not in written
    case = Case(ticket=TICKET, messages=MESSAGES)
    written = case.model_dump(
        exclude={"ticket": {"requester"}, "messages": {"__all__": {"author"}}}
    )
    assert "requester" not in written["ticket"]
    assert not any("author" in one for one in written["messages"])


def test_two_classes_of_one_name_are_two() -> None:
    @attrs.frozen(kw_only=True)
    class Ticket(hb.Ticket):
        sla: str

    class Both(BaseModel):
        theirs: hb.Page[hb.Ticket]
        mine: hb.Page[Ticket]

    both = Both.model_validate(
        {"theirs": {"items": [{"id": "1"}]}, "mine": {"items": [{"id": "2", "sla": "x"}]}}
    )
    assert type(both.theirs.items[0]) is hb.Ticket
    assert type(both.mine.items[0]) is Ticket
    Draft202012Validator.check_schema(Both.model_json_schema())


def test_a_page_of_messages_is_none_of_tickets() -> None:
    page = hb.Page(items=(MESSAGES[0],))
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(hb.Page[hb.Ticket]).validate_python(page)
    assert caught.value.errors()[0]["msg"] == "$.items[0]: expected a Ticket, got a Message."
    assert TypeAdapter(hb.Page[hb.Message]).validate_python(page) is page


# -- FastAPI -----------------------------------------------------------------------------------

app = FastAPI()


@app.get("/ticket")
async def ticket() -> hb.Ticket:
    return TICKET


@app.get("/messages")
async def messages() -> list[hb.Message]:
    return MESSAGES


@app.get("/page")
async def page() -> hb.Page[hb.Ticket]:
    return hb.Page(items=(TICKET,), next=None, total=1)


@app.get("/modelled", response_model=hb.Ticket)
async def modelled() -> Any:
    return TICKET


@app.get("/dict", response_model=hb.Ticket)
async def as_dict() -> Any:
    return hb.to_dict(TICKET)


@app.get("/less", response_model=hb.Ticket, response_model_exclude={"requester"})
async def less() -> Any:
    return TICKET


@app.get("/only", response_model=hb.Ticket, response_model_include={"id", "status"})
async def only() -> Any:
    return TICKET


@app.post("/party")
async def party(given: Annotated[hb.Party, Body()]) -> str:
    assert isinstance(given, hb.Party)
    return str(given)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://app.example") as client:
        yield client


@pytest.mark.asyncio
async def test_an_application_returns_tickets_and_messages(client: AsyncClient) -> None:
    for path in ("/ticket", "/modelled", "/dict"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, hb.to_dict(TICKET))
    assert (await client.get("/messages")).json() == [hb.to_dict(one) for one in MESSAGES]
    assert (await client.get("/page")).json()["items"] == [hb.to_dict(TICKET)]


@pytest.mark.asyncio
async def test_an_application_takes_a_party_and_refuses_what_is_none(client: AsyncClient) -> None:
    taken = await client.post("/party", json=hb.to_dict(LI))
    assert (taken.status_code, taken.json()) == (200, "Li <li@customer.example>")
    refused = await client.post("/party", json={"name": 5})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["msg"] == "$.name: expected a string, got a number."


@pytest.mark.asyncio
async def test_its_openapi_has_the_schemas(client: AsyncClient) -> None:
    told = (await client.get("/openapi.json")).json()
    schemas = told["components"]["schemas"]
    assert {"Ticket", "Message", "Party", "Attachment", "Channel", "Problem"} <= set(schemas)
    assert schemas["Ticket"]["required"] == ["id"]
    assert schemas["Ticket"]["properties"]["requester"] == {"$ref": "#/components/schemas/Party"}
    answer = told["paths"]["/ticket"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"] == {"$ref": "#/components/schemas/Ticket"}
    body = told["paths"]["/party"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/Party"}


@pytest.mark.asyncio
async def test_an_application_leaves_out_what_it_says(client: AsyncClient) -> None:
    answer = await client.get("/less")
    assert "li@customer.example" not in answer.text
    assert answer.json()["id"] == "1"
    assert (await client.get("/only")).json() == {"id": "1", "status": "open"}
