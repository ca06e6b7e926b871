"""Ways to spell a piece of a credential, and a plain check of whether a text shows one."""

from __future__ import annotations

import base64
import html
import json
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from helpdesk_bridge.errors import HelpdeskError
from tests.canary import chain, text_of
from tests.vendors import ROOT

SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "as it is": lambda t: t,
    "its beginning": lambda t: f"{t[:6]}…",
    "its end": lambda t: f"…{t[-5:]}",
    "its middle": lambda t: t[4:13],
    "masked in the middle": lambda t: f"{t[:5]}****{t[-5:]}",
    "in capitals": str.upper,
    "in small letters": str.lower,
    "backwards": lambda t: t[::-1],
    "percent": lambda t: "".join(f"%{byte:02X}" for byte in t.encode()),
    "percent where needed": lambda t: quote(t, safe=""),
    "percent twice": lambda t: quote("".join(f"%{byte:02x}" for byte in t.encode())),
    "html": lambda t: "".join(f"&#{ord(c)};" for c in t),
    "html in hex": lambda t: "".join(f"&#x{ord(c):X};" for c in t),
    "html where needed": html.escape,
    "json": lambda t: "".join(f"\\u{ord(c):04x}" for c in t),
    "json in html": lambda t: html.escape(json.dumps(t)),
    "octets": lambda t: "".join(f"\\x{byte:02x}" for byte in t.encode()),
    "quoted-printable": lambda t: "".join(f"={byte:02X}" for byte in t.encode()),
    "base64": lambda t: base64.b64encode(t.encode()).decode(),
    "base64 for addresses": lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("="),
    "base64 behind one": lambda t: base64.b64encode(b":" + t.encode() + b"!").decode(),
    "base64 behind two": lambda t: base64.b64encode(b"u:" + t.encode()).decode()[2:],
    "base64 in lines": lambda t: re.sub("(....)", r"\1\n", base64.b64encode(t.encode()).decode()),
    "hex": lambda t: t.encode().hex(),
    "hex in pairs": lambda t: t.encode().hex(":").upper(),
    "with blanks": " ".join,
    "with dashes": "-".join,
    "with dots": ".".join,
    "in quotes": lambda t: "','".join(t),
    "in lines": lambda t: re.sub("(...)", r"\1\r\n", t),
    "with nothing between": "\u200b".join,
    "with soft hyphens": "\u00ad".join,
    "percent five deep": lambda t: re.sub(
        "%", "%25252525", "".join(f"%{byte:02X}" for byte in t.encode())
    ),
    "in tags": lambda t: "".join(f"<i>{c}</i>" for c in t),
    "in tags of html": lambda t: "".join(f"&lt;b class=x&gt;{html.escape(c)}&lt;/b&gt;" for c in t),
    "with breaks": lambda t: "<wbr>".join(t[i : i + 4] for i in range(0, len(t), 4)),
    "numbered": lambda t: " ".join(f"{i}:{c}" for i, c in enumerate(t)),
    "numbered in lines": lambda t: "\n".join(f"{i} = {c}" for i, c in enumerate(t)),
    "numbered as JSON": lambda t: json.dumps({str(i): c for i, c in enumerate(t)}),
    "numbered as PHP": lambda t: "Array ( " + " ".join(f"[{i}] => {c}" for i, c in enumerate(t)),
    "numbered as an object": lambda t: "".join(f"'{i}'=>'{c}'," for i, c in enumerate(t)),
    "decimals in a row": lambda t: "".join(f"{byte:03}" for byte in t.encode()),
    "octal without zeros": lambda t: "".join(f"\\{byte:o}" for byte in t.encode()),
    "octal numbers": lambda t: " ".join(f"{byte:03o}" for byte in t.encode()),
    "bits with a prefix": lambda t: " ".join(f"0b{byte:b}" for byte in t.encode()),
    "base64 of UTF-16": lambda t: base64.b64encode(t.encode("utf-16-le")).decode(),
    "base64 of the other UTF-16": lambda t: base64.b64encode(t.encode("utf-16-be")).decode(),
    "hex of UTF-16": lambda t: t.encode("utf-16-be").hex(),
    "hex backwards": lambda t: t.encode().hex()[::-1],
    "base64 backwards": lambda t: base64.b64encode(t.encode()).decode()[::-1],
    "base64 of it backwards": lambda t: base64.b64encode(t[::-1].encode()).decode(),
    "bytes": lambda t: str(list(t.encode())),
    "bytes in hex": lambda t: " ".join(f"0x{byte:02x}" for byte in t.encode()),
    "bytes in a row of hex": lambda t: "".join(f"0x{byte:02X}," for byte in t.encode()),
    "octal": lambda t: "".join(f"\\{byte:03o}" for byte in t.encode()),
    "code points": lambda t: " ".join(f"U+{ord(c):04X}" for c in t),
    "bits": lambda t: " ".join(f"{byte:08b}" for byte in t.encode()),
    "bits in a row": lambda t: "".join(f"{byte:08b}" for byte in t.encode()),
    "base32": lambda t: base64.b32encode(t.encode()).decode(),
    "base32 behind three": lambda t: base64.b32encode(b"u: " + t.encode()).decode().lower(),
    "base64 of capitals": lambda t: base64.b64encode(t.upper().encode()).decode(),
    "base64 of small letters": lambda t: base64.b64encode(t.lower().encode()).decode(),
    "full width": lambda t: "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in t),
}


def shows(text: str, *credentials: str) -> str | None:
    """Return a piece of a credential longer than four characters that ``text`` shows, or None."""
    bare = _bare(text)
    for form, length in [form for one in credentials for form in _forms(one)]:
        for i in range(len(form) - length + 1):
            if form[i : i + length] in bare:
                return form[i : i + length]
    return None


_NARROW = {c + 0xFEE0: c for c in range(33, 127)}
_ESCAPED = re.compile(r"[&%=\\]")
_OPERATION = re.compile(r"(?<![0-9a-z])[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}(?![0-9a-z])")
"""The id of a call, a random UUID: now and then it holds five figures of a credential."""


def _bare(text: str) -> str:
    """Return only the letters and figures, of the text as it is and decoded."""
    texts = [text := _OPERATION.sub("", text)]
    for _ in range(3 if _ESCAPED.search(text) else 0):
        text = html.unescape(text)
        text = re.sub(r"(?:%|=|\\x|\\u00)([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)
        texts.append(text)
    return "|".join(re.sub(r"[\W_]+", "", one.translate(_NARROW)).lower() for one in texts)


@cache
def _forms(credential: str) -> tuple[tuple[str, int], ...]:
    return tuple(_spelt(credential))


def _spelt(credential: str) -> Iterator[tuple[str, int]]:
    letters = "".join(c for c in credential if c.isalnum()).lower()
    yield letters, 5
    yield letters[::-1], 5
    yield credential.encode().hex(), 10
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + credential.encode()).decode()
        text = text[(0, 2, 3)[shift] : -3]
        yield "".join(c for c in text if c.isalnum()).lower(), 8


def frames(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames that an error, and what hangs on it, can show, but for those of tests."""
    for one in chain(error):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if Path(frame.f_code.co_filename).is_relative_to(ROOT / "tests"):
                continue
            yield frame


def all_of(error: HelpdeskError) -> Iterator[str]:
    """Yield all that an error shows of itself, and each local of the frames it holds."""
    yield text_of(error)
    for frame in frames(error):
        for name, value in frame.f_locals.items():
            yield f"{frame.f_code.co_name}, {name} = {value!r}"
