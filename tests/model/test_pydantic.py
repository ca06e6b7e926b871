"""Pydantic, and so FastAPI, understand the values by themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
import pytest_asyncio
from fastapi import Body, FastAPI
from httpx import ASGITransport, AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError

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


@pytest.mark.parametrize("kind", ROUND_TRIPS, ids=str)
@given(st.data())
@settings(max_examples=10, deadline=None)
def test_pydantic_writes_and_reads_as_we_do(kind: Any, data: st.DataObject) -> None:
    value, adapter = data.draw(values(kind)), TypeAdapter(kind)
    written = hb.to_dict(value)
    assert adapter.dump_python(value) == adapter.dump_python(value, mode="json") == written
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
    assert written == hb.to_dict(told)
    page = hb.Page(items=(TICKET,), problems=(hb.Problem(index=1, error=ERRORS[0]),))
    assert json.loads(TypeAdapter(hb.Page[hb.Ticket]).dump_json(page)) == hb.to_dict(page)


def test_one_of_several_is_written_as_what_it_is() -> None:
    either = TypeAdapter(hb.Ticket | hb.Message)
    assert either.dump_python(MESSAGES[0]) == hb.to_dict(MESSAGES[0])
    assert either.validate_python(MESSAGES[0]) is MESSAGES[0]


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
