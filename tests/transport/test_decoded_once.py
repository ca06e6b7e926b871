"""An answer that several layers look at is decoded once."""

from __future__ import annotations

import pytest

from helpdesk_bridge.transport import Effect, Operation, Request, Response
from helpdesk_bridge.transport import response as values


def test_an_answer_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    decode = values.decode_json

    def counted(content: bytes, content_type: str = "") -> object:
        decoded.append(content)
        return decode(content, content_type)

    monkeypatch.setattr(values, "decode_json", counted)
    request = Request(operation=Operation("read", Effect.READ), method="GET", path=("tickets",))
    answer = Response(request=request, status=200, headers={}, content=b'{"id": 5}')
    assert (answer.json(), answer.read(lambda data: data["id"])) == ({"id": 5}, 5)
    assert decoded == [b'{"id": 5}']
