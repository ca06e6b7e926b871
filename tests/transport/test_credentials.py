"""Of a credential no more than four characters are left, however a text spells it."""

from __future__ import annotations

import base64
import json
import pickle
import time
from collections.abc import Callable, Mapping
from typing import Literal
from unicodedata import combining, normalize
from urllib.parse import quote

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from helpdesk_bridge.errors import (
    ConversationMoved,
    OutcomeUnknown,
    PartlyDone,
    ProtocolError,
    Reason,
    ValidationFailed,
)
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.transport.credentials import Credentials
from tests.credentials.spelled import SPELLINGS, shows

TOKEN = "hs_live_Zq7XvB2m-Kp9LwT4sR.dYc8"
USER, PASSWORD = "rt-robot", 'p@$$:w0"rd&%Grün'
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = ".".join((part({"alg": "HS256"}), part({"sub": "agent-Vx81kq"}), "sIgNaTuRe_9fK2-wQ7z"))


def known(*headers: str) -> Credentials:
    credentials = Credentials()
    for header in headers:
        credentials.add(header)
    return credentials


ALL = known(f"Bearer {TOKEN}", f"Basic {BASIC}", f"Bearer {JWT}", "4711-Key")


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", [TOKEN, PASSWORD, BASIC, JWT, *JWT.split(".")[1:]])
def test_no_spelling_of_a_credential_is_left(spelling: str, secret: str) -> None:
    said = f"The login was {SPELLINGS[spelling](secret)} and it is not valid."
    struck = ALL.strike_out(said)
    assert shows(struck, secret) is None
    assert struck.startswith("The login")
    assert struck.endswith("it is not valid.")


_ACCENTS = "Übêr-Grünés-åäök"
_COMPOSED: Mapping[str, Callable[[str], str]] = {
    "as it is": lambda t: t,
    "percent": lambda t: quote(t, safe=""),
    "percent in Latin-1": lambda t: quote(t, safe="", encoding="latin-1", errors="ignore"),
    "all percent in Latin-1": lambda t: "".join(f"%{o:02x}" for o in t.encode("latin-1", "ignore")),
    "quoted-printable": lambda t: "".join(f"={o:02X}" for o in t.encode()),
    "octets": lambda t: "".join(f"\\x{o:02x}" for o in t.encode()),
    "base64": lambda t: base64.b64encode(t.encode()).decode(),
    "base64 in Latin-1": lambda t: base64.b64encode(t.encode("latin-1", "ignore")).decode(),
    "hex in Latin-1": lambda t: t.encode("latin-1", "ignore").hex(),
    "escape()": lambda t: "".join(f"%u{ord(c):04X}" for c in t),
    "html with zeros": lambda t: "".join(f"&#{ord(c):08d};" for c in t),
    "html with many zeros": lambda t: "".join(f"&#{ord(c):0200d};" for c in t),
    "html in hex with zeros": lambda t: "".join(f"&#x{ord(c):08x};" for c in t),
    "braces": lambda t: "".join(f"\\u{{{ord(c):x}}}" for c in t),
    "long escapes": lambda t: "".join(f"\\U{ord(c):08x}" for c in t),
    "without marks": lambda t: "".join(c for c in normalize("NFD", t) if not combining(c)),
}


@pytest.mark.parametrize("spelling", _COMPOSED)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("kept", ["NFC", "NFD", "Latin-1"])
def test_letters_with_marks_are_found_however_they_are_composed(
    spelling: str, form: Literal["NFC", "NFD"], kept: Literal["NFC", "NFD", "Latin-1"]
) -> None:
    if spelling.endswith("Latin-1") and form == "NFD":
        form = "NFC"  # Latin-1 has no marks by themselves
    secret = f"u:{_ACCENTS}"
    octets = secret.encode("latin-1") if kept == "Latin-1" else normalize(kept, secret).encode()
    credentials = known("Basic " + base64.b64encode(octets).decode())
    shown = _COMPOSED[spelling](normalize(form, _ACCENTS))
    assert len(credentials.strike_out(f"The login {shown} is wrong.")) <= len(
        "The login <redacted>==== is wrong."
    )


def test_a_number_of_many_figures_can_be_looked_at() -> None:
    assert ALL.strike_out(f"&#{'0' * 9000}; &#{'9' * 6000}; \\u{{{'0' * 900}}} \\u{{ffffff}}")


@given(st.data())
def test_no_piece_of_five_characters_is_left(data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(TOKEN) - 5))
    last = data.draw(st.integers(first + 5, len(TOKEN)))
    spell = SPELLINGS[data.draw(st.sampled_from(["as it is", "in capitals", "percent", "html"]))]
    before, behind = data.draw(st.tuples(st.text(max_size=5), st.text(max_size=5)))
    assert shows(ALL.strike_out(before + spell(TOKEN[first:last]) + behind), TOKEN) is None


@given(st.text(max_size=200))
@example("%")
@example("&;&#x110000;&#0;\\u{12\\")
@example("%80%ff=zz\\")
def test_any_text_can_be_looked_at(text: str) -> None:
    assert isinstance(ALL.strike_out(text), str)


@pytest.mark.parametrize("secret", [f"{USER}:", "Vx81kq", "4711-K", "$$:w0", 'w0"rd'])
def test_user_claims_and_signs_are_struck_out_too(secret: str) -> None:
    assert secret not in ALL.strike_out(f"a {secret} b")


def test_a_short_password_is_struck_out_whole() -> None:
    short = known("Basic " + base64.b64encode(b"root:ab12").decode())
    assert short.strike_out("ab12 is wrong for root") == "<redacted> is wrong for <redacted>"


@pytest.mark.parametrize(
    "text",
    ["The ticket is closed.", "TICKET_CLOSED", "Bearer", "hs_l****dYc8", "100 % of 4711", ""],
)
def test_what_shows_nothing_stays(text: str) -> None:
    assert ALL.strike_out(text) == text


def test_a_credential_spread_over_several_texts_is_struck_out() -> None:
    pieces = [TOKEN[i : i + 4] for i in range(0, len(TOKEN), 4)]
    struck = ALL.strike_out_of(["odd:", *pieces, "end"])
    assert (struck[0], struck[-1], len(struck)) == ("odd:", "end", len(pieces) + 2)
    assert shows("\n".join(struck), TOKEN) is None


def test_old_sessions_are_known_and_those_in_use_are_never_forgotten() -> None:
    credentials = known()
    for number in range(100):
        credentials.add(f"Bearer session-{number:03d}-{'abcdefghij'[number % 10]}x9q7")
        credentials.add(f"Bearer {TOKEN}")
    assert "session-099" not in credentials.strike_out("session-099-jx9q7")
    assert "x9q7" not in credentials.strike_out("session-098-ix9q7")
    assert shows(credentials.strike_out(TOKEN), TOKEN) is None
    assert len(credentials._known) < 30


_HOSTILE = {
    "tags": "<p>ab</p>",
    "open tags": "<",
    "numbers": "104, ",
    "percents": "%25",
    "percents of percents": "%2525252525252541",
    "tags in entities": "&amp;lt;i&amp;gt;x",
    "bits": "01100110 ",
    "labels": "1:a ",
    "labels of PHP": "[0] => a ",
    "labels of JSON": '"0": "a", ',
    "numbers in a row": "123",
    "numbers in a row, and one more": "1234",
    "octal": "\\146",
    "all": "<b>&#102;%2561 0x66</b>",
}


@pytest.mark.parametrize("piece", _HOSTILE.values(), ids=_HOSTILE)
def test_a_long_text_of_any_kind_is_looked_at_soon(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    began = time.process_time()
    ALL.strike_out(text)
    assert time.process_time() - began < 2, "it takes 0.05 s, and would take minutes"


def test_what_is_too_long_to_be_looked_at_is_not_shown() -> None:
    struck = ALL.strike_out("x" * 70_000 + TOKEN)
    assert shows(struck, TOKEN) is None
    assert len(struck) < 70_000


def test_an_error_is_cleared_of_them_and_keeps_its_own_words() -> None:
    credentials = known("Bearer token-credentials-9Zk31Qv", "support1")
    error = ValidationFailed(
        "the credentials were not accepted by support (9Zk31Qv).",
        vendor_code="9zk31",
        request_id="req 9Zk31Qv",
        fields={"9Zk31": ["token-credentials-9Zk31Qv"], "token": ["is missing"]},
    )
    credentials.clear(error)
    assert error.message == error.args[0]
    assert error.message == "the credentials were not accepted by support (<redacted>)."
    assert (error.vendor_code, error.request_id) == ("<redacted>", "req <redacted>")
    assert error.fields == {"<redacted>": ("<redacted>",), "token": ("is missing",)}
    odd = ProtocolError("$.9Zk31Qv: expected a list.", path="$.9Zk31Qv")
    credentials.clear(odd)
    assert (odd.message, odd.path) == ("$.<redacted>: expected a list.", "$.<redacted>")


@pytest.mark.parametrize(
    ("vendors_id", "kept"),
    [("48213", True), ("t-Zq7Xv", True), (f"t-{TOKEN}", False), (TOKEN[3:14], False)],
)
def test_an_id_stays_unless_it_is_no_chance(vendors_id: str, kept: bool) -> None:
    error = OutcomeUnknown("lost.", ticket_id=vendors_id)
    known(f"Bearer {TOKEN}", "48213").clear(error)
    assert (error.ticket_id == vendors_id) is kept
    assert kept or shows(error.ticket_id or "", TOKEN) is None


@pytest.mark.parametrize("word", ["correcthorse", "Correct", "ccredentials"])
def test_what_a_vendor_says_is_not_judged_as_words_of_ours(word: str) -> None:
    error = ProtocolError(
        f"the {word} were not accepted.",
        vendor_code=word,
        request_id=word,
        reason=Reason.CREDENTIALS,
    )
    known(f"Bearer {word}").clear(error)
    assert (error.vendor_code, error.request_id) == ("<redacted>", "<redacted>")
    assert word not in repr(pickle.dumps(error).replace(error.message.encode(), b""))
    assert error.message == f"the {word} were not accepted."
    assert error.reason is Reason.CREDENTIALS


@pytest.mark.parametrize("size", [1, 4])
def test_a_credential_spread_over_the_values_or_the_keys_of_fields_is_struck_out(size: int) -> None:
    pieces = [TOKEN[i : i + size] for i in range(0, len(TOKEN), size)]
    by_letter = {chr(97 + n): (piece,) for n, piece in enumerate(pieces)}
    by_number = {str(n): (piece,) for n, piece in enumerate(pieces)}
    by_piece = dict.fromkeys(pieces, ("is odd",))
    for fields in (by_letter, by_number, by_piece):
        error = ValidationFailed("odd.", fields=fields)
        ALL.clear(error)
        keys, texts = (
            "\n".join(error.fields),
            [text for one in error.fields.values() for text in one],
        )
        assert shows(keys, TOKEN) is None
        assert shows("\n".join(texts), TOKEN) is None


def test_all_that_an_error_carries_is_cleared() -> None:
    mark = Fingerprint.of("reply", salt="a1", body="Hello.", before=["4", f"m{TOKEN}", "9"])
    mark = evolve(mark, known=(f"\x1b[31m{TOKEN}", "48213"))
    lost = OutcomeUnknown("lost.", fingerprint=mark, ticket_id="12", key="order 12 Zq7XvB2m")
    lost.__cause__ = ConversationMoved(f"{TOKEN}.", newer=["5", TOKEN])
    lost.__cause__.__context__ = ProtocolError("odd.", path=TOKEN)
    lost.add_note(f"said {TOKEN}")
    lost.told = ["by", TOKEN]  # type: ignore[attr-defined]
    lost.raw = {"text": TOKEN}  # type: ignore[attr-defined]
    partly = PartlyDone("done.", failure=lost, message_id=TOKEN)
    ALL.clear(partly)
    assert lost.raw == {"text": TOKEN}  # type: ignore[attr-defined]
    del lost.raw  # type: ignore[attr-defined]
    assert lost.key == "order 12 Zq7XvB2m"
    lost.key = None
    for one in (partly, lost, lost.__cause__, lost.__cause__.__context__):
        shown = f"{one} {one!r} {vars(one)!r} {pickle.dumps(one)!r}"
        assert shows(shown, TOKEN) is None, shown
    assert lost.__cause__.newer[0] == "5"
    found = lost.fingerprint
    assert found is not None
    assert (found.before or ())[::2] == ("4", "9")
    assert found.known[1] == "48213"


def test_a_digest_in_place_of_an_id_is_compared_as_the_id() -> None:
    mark = evolve(
        Fingerprint.of("reply", salt="a1", body="Hello.", before=["4", TOKEN]), known=("7", TOKEN)
    )
    hidden = mark.veiled({TOKEN})
    assert mark.veiled(set()) is mark
    for one in (mark, hidden):
        assert [one.was_there(each) for each in ("4", TOKEN, "5")] == [True, True, False]
        assert [one.is_known(each) for each in ("7", TOKEN, "5")] == [True, True, False]
        assert not one.misses(["4", TOKEN, "9"])
        assert one.misses(["4"])
        assert one.misses([TOKEN])


def test_they_show_nothing_of_themselves() -> None:
    assert repr(ALL) == "Credentials(***)"
    with pytest.raises(TypeError):
        pickle.dumps(ALL)
