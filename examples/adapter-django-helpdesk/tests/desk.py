"""A django-helpdesk of its own: run by a Python that has it, not imported by the tests.

``python desk.py FOLDER [--strict]`` serves on a free port of 127.0.0.1 and keeps its database and
files in FOLDER. Each line on standard input is a JSON command, each line on standard output its
JSON answer; the first line is the address. It ends with its standard input.

``--strict`` is a site as its administrator would harden it: wrong credentials are a 401, tokens
are accepted, and private follow-ups mail nobody. Without it everything is the package's default.
"""

import json
import shutil
import sys
import threading
from logging import getLogger
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

FOLDER = Path(sys.argv[1])
STRICT = "--strict" in sys.argv
AUTHENTICATION = "rest_framework.authentication."
APPS = ["admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites", "humanize"]
CONTEXT = (
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
)
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - of this server only

settings.configure(
    SECRET_KEY="for tests only",
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=[
        *(f"django.contrib.{app}" for app in APPS),
        *("rest_framework", "rest_framework.authtoken", "helpdesk"),
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    ROOT_URLCONF=__name__,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": list(CONTEXT)},
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "db.sqlite3",
            "OPTIONS": {"timeout": 20, "init_command": "PRAGMA synchronous=OFF"},
        }
    },
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    MEDIA_URL="/media/",
    MEDIA_ROOT=FOLDER / "media",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # the default takes 0.7 s
    HELPDESK_TEAMS_MODE_ENABLED=False,
    HELPDESK_TEAMS_MODEL="auth.Group",
    HELPDESK_TEAMS_MIGRATION_DEPENDENCIES=[],
    HELPDESK_KBITEM_TEAM_GETTER=lambda _: None,
    HELPDESK_VALID_EXTENSIONS=[".txt", ".pdf", ".png", ".bin"],
    HELPDESK_PRIVATE_FOLLOWUP_MEANS_NO_EMAILS=STRICT,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            AUTHENTICATION + name for name in ("BasicAuthentication", "TokenAuthentication")
        ]
    }
    if STRICT
    else {},
    LOGGING_CONFIG=None,
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 - Django must be set up before
from django.core import mail  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.urls import include, path, re_path  # noqa: E402
from django.views.static import serve  # noqa: E402
from helpdesk.email import extract_email_metadata  # noqa: E402
from helpdesk.models import FollowUp, Queue, Ticket, TicketCC  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

urlpatterns = [
    path("", include("helpdesk.urls", namespace="helpdesk")),
    path("below/helpdesk/", include("helpdesk.urls", namespace="below")),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
]


def found() -> None:
    """Make the database, two staff accounts, one who is no staff, and two queues."""
    call_command("migrate", verbosity=0)
    users = get_user_model().objects
    agent = users.create_superuser("agent", "agent@desk.example", "password")
    users.create_user("customer", "li@customer.example", "password")
    users.create_user("colleague", "colleague@desk.example", "password", is_staff=True)
    Token.objects.create(user=agent, key=TOKEN)
    for slug in ("support", "billing"):
        address = f"{slug}@desk.example"
        Queue.objects.create(
            slug=slug,
            title=slug.title(),
            email_address=address,
            enable_notifications_on_email_events=True,
        )


def reset() -> None:
    """Forget all tickets, mails and files."""
    Ticket.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM sqlite_sequence WHERE name LIKE 'helpdesk_%' AND name != 'helpdesk_queue'"
        )
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    mail.outbox = []


def letters() -> list[dict[str, object]]:
    """Return every mail: to whom, its text, and its HTML."""
    return [
        {"to": m.recipients(), "text": m.body, "html": m.alternatives[0][0]}
        for m in getattr(mail, "outbox", [])
    ]


def receive(mails: list[str]) -> list[int]:
    """Take mails as the command get_email does; return the tickets they came to."""
    queue, log = Queue.objects.get(slug="support"), getLogger("mail")
    return [extract_email_metadata(raw, queue, log).id for raw in mails]


def fill(count: int) -> None:
    """Make tickets with a message each, the quick way."""
    queue, words = Queue.objects.get(slug="support"), "One of many."
    fields = {"title": words, "description": words, "submitter_email": "li@customer.example"}
    made = Ticket.objects.bulk_create(Ticket(queue=queue, **fields) for _ in range(count))
    FollowUp.objects.bulk_create(FollowUp(ticket=one, comment=words, public=True) for one in made)


def follow_ups(ticket: int) -> list[dict[str, object]]:
    """Return the follow-ups of a ticket, oldest first."""
    rows = FollowUp.objects.filter(ticket_id=ticket).order_by("date", "id")
    return list(rows.values("user_id", "public", "comment", "ticket__description"))


def web_page(ticket: int) -> list[str]:
    """Return the HTML that the site's pages show for each comment of a ticket."""
    return [str(each.get_markdown()) for each in FollowUp.objects.filter(ticket_id=ticket)]


def arrange(ticket: int, **fields: object) -> None:
    """Set columns of a ticket."""
    Ticket.objects.filter(id=ticket).update(**fields)


def first_words_at(ticket: int, date: str) -> None:
    """Set the time of a ticket's follow-ups."""
    FollowUp.objects.filter(ticket_id=ticket).update(date=date)


def copy_to(ticket: int, email: str) -> None:
    """Put somebody in copy of a ticket."""
    TicketCC.objects.create(ticket_id=ticket, email=email)


def follow_up(**fields: object) -> int:
    """Write a follow-up straight into the database."""
    return FollowUp.objects.create(**fields).id


class Quiet(WSGIRequestHandler):
    """A handler without a line on standard error for each request."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def main() -> None:
    """Serve until the standard input ends."""
    found()
    server = make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer = sys.stdout
    sys.stdout = sys.stderr
    print(f"http://127.0.0.1:{server.server_port}", file=answer, flush=True)
    writers = (arrange, first_words_at, copy_to, follow_up)
    commands = (reset, fill, letters, receive, follow_ups, web_page, *writers)
    known = {command.__name__: command for command in commands}
    for line in sys.stdin:
        name, given = json.loads(line)
        print(json.dumps(known[name](**given)), file=answer, flush=True)


main()
