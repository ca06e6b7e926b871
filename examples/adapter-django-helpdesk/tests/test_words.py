"""What an agent writes is what the customer reads, whatever the vendor makes of a comment."""

from __future__ import annotations

import html
import re

import pytest
from helpdesk_bridge import kit
from live import CUSTOMER, Server, account

from helpdesk_bridge_django_helpdesk.outgoing import write_comment
from helpdesk_bridge_django_helpdesk.wire import read_comment

TEXTS = [
    "Your {{ ticket.title }} and {{ queue.email_address }}",
    "{% if 1 %}shown{% endif %}",
    "50 %} off, {% and no end",
    "before {# a comment #} after",
    "{ one } {{ two {{{ three }}} %%}}",
    '{{ "{" }} and {% templatetag openblock %}',
    "X-HELPDESK-COMMENT-VERBATIM now X-HELPDESK-COMMENT-ENDVERBATIM",
    "<li@customer.example> wrote <b>this</b></blockquote>",
    "<!-- a comment --> and <?php ?>",
    "a < b && c > d, 1<2",
    "&lt;b&gt; &amp;amp; &copy; &#39; &#x41;",
    "https://example.org/?a=1&copy=2&lt=3 and AT&T",
    "line one\nline two\n\nline four",
    "'quotes' and \"quotes\"",
    "Grüße 👩‍💻 日本語",
]


@pytest.mark.asyncio
@pytest.mark.parametrize("text", TEXTS)
async def test_the_customer_reads_what_was_written(plain: Server, text: str) -> None:
    """The mail's HTML and the conversation both say it."""
    opened = account(plain)
    async with opened.open() as desk:
        ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text=text)
        await desk.reply(ticket, text=text, send_email=True)
        read = [message.text async for message in desk.messages(ticket)]
    assert [letter.text for letter in await opened.witness.letters()] == [text]
    assert read == [text, text]


@pytest.mark.asyncio
@pytest.mark.parametrize("text", TEXTS)
async def test_other_readers_read_it_too(plain: Server, text: str) -> None:
    """The text half of the mail may show entities; the web page shows it as it is."""
    async with account(plain).open() as desk:
        ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text="Words.")
        await desk.reply(ticket, text=text, send_email=True)
    (letter,) = plain.ask("letters")
    assert text in html.unescape(letter["text"].replace("\r\n", "\n"))
    assert kit.html_to_text(plain.ask("web_page", ticket=1)[-1]) == text


@pytest.mark.parametrize("text", TEXTS)
def test_no_template_is_left(text: str) -> None:
    """Whatever the vendor's template engine sees is a single brace in quotes, or the letter X."""
    left = re.sub(r'\{\{ "[{}X]" \}\}', "", write_comment(text))
    assert not re.search(r"[{}]|X-HELPDESK-COMMENT-", left)


def test_words_that_mean_nothing_special_are_sent_as_they_are() -> None:
    """Nothing is escaped without need: the text half of the mail would show it."""
    assert write_comment("a < b && c > d, AT&T, 1<2") == "a < b && c > d, AT&T, 1<2"


def test_a_customers_words_are_not_unescaped() -> None:
    """A customer's mail is kept by the vendor as it came."""
    assert read_comment("&lt;b&gt;\r\nand more\r\n", desk=False) == "&lt;b&gt;\nand more"
