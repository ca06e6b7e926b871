"""Judge whether an answer is the file that was asked for: pure functions of plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve, field, frozen

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, Reason
from helpdesk_bridge.model.media_types import ANY_TYPE, is_packed, media_type_of, unpacked_name
from helpdesk_bridge.transport.rate_headers import retry_after

__all__ = [
    "HTML",
    "NO_TYPE",
    "Announced",
    "bare",
    "expected",
    "is_attached",
    "is_told_by_beginning",
    "longer_than_announced",
    "no_file",
    "page_instead",
    "shorter_than_announced",
    "stays_packed",
]

HTML = ("text/html", "application/xhtml+xml")
_NOT_YET, _PART = 202, 206
NO_TYPE = frozenset(("", ANY_TYPE, "binary/octet-stream", "application/x-download"))
"""What says nothing of a file: S3 and many a PHP program have the last two."""
_FORMS: Mapping[str, str] = {
    **dict.fromkeys(("har", "geojson", "topojson", "ipynb", "webmanifest", "map"), "json"),
    **dict.fromkeys(("gpx", "kml", "wsdl", "xsl", "xsd", "xslt", "plist", "drawio"), "xml"),
}
"""How files are written whose suffixes ``mimetypes`` does not know everywhere."""
_WRITTEN = (
    "log yaml yml toml ini cfg conf properties env jsonl ndjson json5 sarif sql md rst tex adoc"
    " js mjs cjs jsx ts tsx vue svelte astro php phtml erb ejs hbs mustache twig j2 jinja"
    " jinja2 liquid njk jsp jspx asp aspx cshtml razor haml pug tpl tmpl ftl mht mhtml"
    " sh bash bat ps1 py rb pl java kt go rs c h cc cpp hpp cs swift lua r diff patch"
    " fodt fods fodp fodg musicxml tcx gml osm rdf owl ttl xaml resx po xlf srt"
)
"""Suffixes of programs and data in text that ``mimetypes`` does not know everywhere, or under names
that do not say text."""
_TEXTS = frozenset(_WRITTEN.split())
_BINARY = re.compile(
    r"image/(?:png|p?jpe?g|gif|webp|bmp|tiff|hei[cf]|avif)"
    r"|audio/(?:mpeg|mp4|ogg|(?:x-)?wav|aac|flac|amr|webm|x-m4a)"
    r"|video/(?:mp4|mpeg|ogg|quicktime|webm|3gpp|x-(?:msvideo|matroska|ms-wmv))"
    r"|application/(?:(?:x-)?(?:pdf|zip|gzip|bzip2?|xz|lzma|tar|tgz|gtar|compress)|zstd|epub\+zip"
    r"|x-(?:zip|7z|rar)-compressed|vnd\.(?:rar|ms-outlook)|java-archive"
    r"|vnd\.openxmlformats-.*|vnd\.oasis\.opendocument\.(?!.*-flat-xml).*)"
)
"""Kinds of files that never begin as text does. Not among them are the older ones of Microsoft's
Office: many a program writes a page into a ``.xls`` or ``.doc``."""
_OFFICE = re.compile(r"application/(?:msword|vnd\.ms-(?:excel|powerpoint))")


@frozen
class Announced:
    """What the vendor told of a file before it is downloaded; None is what it did not tell."""

    name: str | None = field(default=None, repr=False)
    mime_type: str | None = None
    size: int | None = None
    """In bytes."""

    @property
    def types(self) -> frozenset[str]:
        """The media types that it may have, by what the vendor says and by its name."""
        told = {bare(self.mime_type), media_type_of(self.name or "")}
        return frozenset(told - NO_TYPE)

    @property
    def is_binary(self) -> bool:
        """Whether it is of a kind that never begins as text does."""
        return bool(self.types) and all(map(_BINARY.fullmatch, self.types))

    @property
    def is_text(self) -> bool:
        """Whether its name tells a text, of a program or of data, which may hold any text."""
        name = self.name or ""
        told = media_type_of(name).startswith("text/") or _suffix(name) in _TEXTS
        return told and not _BINARY.fullmatch(bare(self.mime_type))

    @property
    def is_sized_text(self) -> bool:
        """Whether it is a text of a known size, by all its types, and no web page."""
        texts = all(kind.startswith("text/") and kind not in HTML for kind in self.types)
        return self.size is not None and bool(self.types) and texts

    @property
    def is_office(self) -> bool:
        """Whether it is of Microsoft's older Office, for which many programs write markup."""
        return bool(self.types) and all(map(_OFFICE.fullmatch, self.types))

    @property
    def unpacked(self) -> Announced:
        """What is told of the content of a packed file; of another file the same."""
        kind = bare(self.mime_type)
        if not is_packed(self.name, kind):
            return self
        told = None if is_packed(None, kind) else self.mime_type
        return evolve(self, name=unpacked_name(self.name or ""), mime_type=told or ANY_TYPE)


def no_file(
    status: int, headers: Mapping[str, str], announced: Announced | None, *, redirected: bool
) -> HelpdeskError | None:
    """Return the error for an answer below 300 that is not the file; None for one that may be.

    What counts as evidence: a status other than 200, and the types of web pages and of answers
    of programs (HTML, JSON, XML) where a file of another kind was announced. Other types are no
    evidence, for many servers have one for all files. An HTML page behind a redirect is taken for
    a login page unless an exact size can prove the opposite. The type of an answer with a
    ``Content-Encoding`` is that of what is packed in it (RFC 9110, section 8.4). What is sent to be
    saved (RFC 6266) is the file if it has the announced size, which is counted. For a binary file
    and a text of a known size the types are no proof, see ``is_told_by_beginning``.

    Args:
        status: the HTTP status.
        headers: those of the answer.
        announced: what the vendor told of the file; None: the caller knows nothing of it.
        redirected: whether the answer comes from where a redirect led.
    """
    if status == _PART:
        return errors.TruncatedBody("the vendor sent a part of the file only.")
    if status == _NOT_YET:
        return errors.VendorUnavailable(
            "the vendor answered that the file is not ready yet (202 Accepted): try again later.",
            retry_after=retry_after(headers),
        )
    if status != 200:
        return errors.ProtocolError(
            f"the vendor answered {status}, which comes with no file.", reason=Reason.NOT_THE_FILE
        )
    if announced is None or (announced.size is not None and is_attached(headers)):
        return None
    came = bare(headers.get("Content-Type"))
    content = announced.unpacked if _is_encoded(headers) else announced
    if came in HTML and not _may_be_page(headers, content, redirected=redirected):
        return page_instead(announced)
    if _is_program_answer(came) and not _may_be_answer(came, headers, content):
        return errors.ProtocolError(
            f"{came} came in place of the file{expected(announced)}: an answer to a program, which"
            " may tell of an error.",
            reason=Reason.NOT_THE_FILE,
        )
    return None


def is_told_by_beginning(
    status: int, headers: Mapping[str, str], announced: Announced | None, *, redirected: bool
) -> bool:
    """Say whether an answer that ``no_file`` refuses may be the file, if it begins as one.

    PHP gives everything the type of a page that is not told another one. A binary file has a
    signature. A text has none: it needs a size, which is counted, and nothing else may stand in its
    place, as a login page behind a redirect does.
    """
    if status != 200 or announced is None or _is_encoded(headers):
        return False
    if announced.is_binary:
        return True
    is_page = bare(headers.get("Content-Type")) in HTML
    return is_page and announced.is_sized_text and not redirected


def _may_be_page(headers: Mapping[str, str], announced: Announced, *, redirected: bool) -> bool:
    attached = is_attached(headers)
    if announced.types.isdisjoint(HTML) and announced.types:
        return attached and announced.is_office
    if announced.size is not None:
        return True  # which is counted
    return attached or (bool(announced.types) and not redirected)


def _is_program_answer(came: str) -> bool:
    kind, _, form = came.partition("/")
    return kind in ("application", "text") and (
        form in ("json", "xml") or (kind == "application" and form.endswith(("+json", "+xml")))
    )


def _may_be_answer(came: str, headers: Mapping[str, str], announced: Announced) -> bool:
    form = came.replace("+", "/").rpartition("/")[2]
    if announced.name is None and announced.mime_type is None:
        return True  # nothing says that it is not
    if any(kind.endswith((f"/{form}", f"+{form}")) for kind in announced.types):
        return True
    if _FORMS.get(_suffix(announced.name or "")) == form:
        return True
    if announced.is_text or (form == "xml" and announced.is_office and is_attached(headers)):
        return True
    # Of text by its type, and of what has no type, they may be the file: then the rest says so.
    if all(kind.startswith("text/") for kind in announced.types):
        return announced.size is not None or is_attached(headers)
    return False


def _is_encoded(headers: Mapping[str, str]) -> bool:
    return bare(headers.get("Content-Encoding")) not in ("", "identity")


def is_attached(headers: Mapping[str, str]) -> bool:
    """Say whether an answer is sent to be saved (RFC 6266)."""
    return headers.get("Content-Disposition", "").strip().lower().startswith("attachment")


def page_instead(announced: Announced) -> HelpdeskError:
    """Return the error for a web page that came in place of the file."""
    return errors.ProtocolError(
        f"a web page came in place of the file{expected(announced)}: a login page, a proxy or an"
        " error. Check whether the credentials may read files.",
        reason=Reason.WEB_PAGE,
    )


def expected(announced: Announced) -> str:
    """Return in brackets what kind of file was announced, for a sentence; "" for none."""
    types = sorted(announced.types)
    return f" ({types[0]} was announced)" if types else ""


def stays_packed(headers: Mapping[str, str], announced: Announced | None) -> bool | None:
    """Say whether an answer with a ``Content-Encoding`` is to be saved as it comes.

    ``identity`` is asked for, so what comes packed is mostly stored so: object stores give the
    encoding of a stored object as a header, and web servers that of a ``.gz``. The announced size
    decides: when exactly as many bytes come, they are the file. None: only the bytes can tell,
    because the file is packed by its name or type, and no size says in which state.
    """
    if announced is None:
        return False
    length = headers.get("Content-Length", "")
    if announced.size is not None and length.isascii() and length.isdigit():
        return int(length) == announced.size
    return None if is_packed(announced.name, bare(announced.mime_type)) else False


def longer_than_announced(size: int) -> HelpdeskError:
    """Return the error for a file of which more than ``size`` bytes come."""
    return errors.ProtocolError(
        f"the vendor says that the file has {size} bytes, and more came: it is another file, or no"
        " file. If the vendor's sizes are wrong, open attrs.evolve(attachment, size=None).",
        reason=Reason.NOT_THE_FILE,
    )


def shorter_than_announced(size: int, came: int) -> HelpdeskError:
    """Return the error for a file of ``size`` bytes of which only ``came`` came."""
    return errors.TruncatedBody(
        f"the file has {size} bytes, and {came} came. If the vendor's sizes are wrong, open"
        " attrs.evolve(attachment, size=None)."
    )


def bare(content_type: str | None) -> str:
    """Return a media type in lower case without its parameters; "" for none."""
    return (content_type or "").partition(";")[0].strip().lower()


def _suffix(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return suffix.lower() if stem else ""
