"""Two organizations whose every text carries a mark: a crawl of one shows none of the other's, wherever it might lie.

And of the one's own patients no mark is where it does not belong: addresses, titles, logs, jobs, Redis, e-mail.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.core import mail
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from psycopg import sql
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from bhi.files.models import StoredFile
from bhi.files.operations import FileUnreadable, read
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from bhi.web.logs import formatter
from tests import databases
from tests.factories.everything import tenant_models
from tests.factories.tenancy import MembershipFactory, OrganizationFactory
from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.access_kinds import ROLES

OWN, OTHER = "zqown7", "zqoth9"
APPS = ("registry", "caseload", "billing", "outcomes")
# What a person types, as fields of ours are called; codes, states and fingerprints are read by machines.
TYPED = re.compile(
    r"name|note|reason|text|body|comment|detail|because|mrn|member_id|phone|address|city|email|said|goal"
)
ADDRESSES = re.compile(rb'(?:href|action|src|hx-get|hx-post)="([^"]*)"|<title>([^<]*)</title>')
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "maintenance"])


def made_everywhere(organization: Any) -> dict[str, tuple[Any, dict[str, Any]]]:
    """For each address, a seat with every role and the object that it is asked for."""
    found = {}
    for name, url in OF_AN_ORGANIZATION.items():
        seat = MembershipFactory(organization=organization, roles=list(ROLES))
        try:
            with tenant(organization), transaction.atomic():
                found[name] = (seat, dict(url.made(seat)))
        except Exception:  # noqa: BLE001 -- some makers want an organization of their own; how many is asserted
            continue
    return found


def typed_columns() -> Iterator[tuple[str, str, int]]:
    for model in tenant_models():
        if model._meta.app_label not in APPS or hasattr(model, "pgh_tracked_model"):
            continue
        for field in model._meta.local_fields:
            is_text = type(field) in (models.CharField, models.TextField) and not field.choices
            if is_text and (type(field) is models.TextField or TYPED.search(field.name)):
                yield model._meta.db_table, field.column, field.max_length or 10_000


def mark(organization: Any, word: str, database: str) -> int:
    """Put the word at the head of every text that is not empty; how many texts took it."""
    marked = 0
    with psycopg.connect(databases.admin_url(), dbname=database, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        for table, column, longest in typed_columns():
            statement = sql.SQL("UPDATE {} SET {} = left({} || {}, {}) WHERE organization_id = {} AND {} <> ''").format(
                sql.Identifier(table), sql.Identifier(column), sql.Literal(f"{word} "), sql.Identifier(column),
                sql.Literal(longest), sql.Literal(organization.id), sql.Identifier(column),
            )  # fmt: skip
            try:
                marked += admin.execute(statement).rowcount
            except psycopg.errors.IntegrityError:
                continue
    return marked


def text_of(answer: Any) -> bytes:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content.startswith(b"%PDF"):
        with suppress(PyPdfError):  # what a factory keeps in a PDF's place is read as it is
            content += "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).encode()
    return content + repr(sorted(answer.headers.items())).encode()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Every line as the product would write it."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(formatter())
    logging.getLogger().addHandler(handler)
    yield said
    logging.getLogger().removeHandler(handler)


def test_no_mark_of_another_organization_is_anywhere_and_ones_own_only_on_pages(logged: Any, figure: Any) -> None:
    own, other = OrganizationFactory(slug="own"), OrganizationFactory(slug="other")
    made = made_everywhere(own)
    foreign = made_everywhere(other)
    database = _database()
    marked = mark(own, OWN, database) + mark(other, OTHER, database)
    hidden = {str(value) for _, given in foreign.values() for value in given.values() if not isinstance(value, str)}
    leaks, shown, asked = [], 0, 0
    for name, (seat, given) in made.items():
        client = Client(raise_request_exception=False)
        client.force_login(seat.user)
        for method in ("get", "post"):
            answer: Any = getattr(client, method)(reverse(name, kwargs={"organization": "own", **given}))
            content = text_of(answer)
            asked += 1
            shown += OWN.encode() in content
            leaks += [f"{method} {name}: other's text"] if OTHER.encode() in content else []
            leaks += [f"{method} {name}: other's id" for id_ in hidden if id_.encode() in content]
            placed = b" ".join(b"".join(found) for found in ADDRESSES.findall(content))
            leaks += [f"{method} {name}: a patient's text in an address or title"] if OWN.encode() in placed else []
    figure("marker crawl: texts marked in two organizations", marked, 0)
    figure("marker crawl: answers of one organization (HTML, JSON, CSV, PDF)", asked, len(leaks))
    assert (leaks, shown > 100, len(made) > 0.9 * len(OF_AN_ORGANIZATION)) == ([], True, True)
    elsewhere(own, other, logged, figure)


def elsewhere(own: Any, other: Any, logged: Any, figure: Any) -> None:
    """Jobs are run; then logs, jobs, Redis, e-mail and stored files are read."""
    from django.utils import timezone

    runs = 0
    for organization in (own, other):
        with tenant(organization):
            waiting = list(Job.objects.filter(state="queued").values_list("id", flat=True))
        for job_id in waiting:
            runs += run(organization_id=organization.id, job_id=job_id, at=timezone.now()) is not None
    both = (OWN, OTHER)
    leaks = [f"log: {word}" for word in both if word in logged.getvalue()]
    jobs = []
    for organization in (own, other):
        with tenant(organization):
            jobs += [f"{job.key} {job.arguments} {job.error}" for job in Job.objects.all()]
    leaks += [f"job: {line}" for line in jobs if any(word in line for word in both)]
    mails = [f"{message.subject} {message.body} {message.alternatives}" for message in mail.outbox]
    leaks += ["e-mail" for text in mails if any(word in text for word in both)]
    kept = list(_redis())
    leaks += ["Redis" for content in kept if any(word.encode() in content for word in both)]
    files = 0
    for organization, word in ((own, OTHER), (other, OWN)):
        with tenant(organization):
            for file in StoredFile.objects.exclude(sealed=b""):
                files += 1
                leaks += ["file"] if word.encode() in _opened(file) else []
    figure("marker crawl: lines of the log", logged.getvalue().count("\n"), 0)
    tried = len(jobs) + len(mails) + len(kept) + files
    figure(f"marker crawl: jobs ({runs} run), e-mails, values in Redis, files", tried, len(leaks))
    assert leaks == []


def _opened(file: StoredFile) -> bytes:
    try:
        return read(file)
    except FileUnreadable:
        return b""


def _redis() -> Iterator[bytes]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter(count=1000):
        yield key
        kind = client.type(key)
        if kind == b"list":
            yield from client.lrange(key, 0, -1)
        elif kind == b"string":
            yield client.get(key) or b""
        elif kind == b"hash":
            yield repr(client.hgetall(key)).encode()
        elif kind in (b"set", b"zset"):
            yield repr(client.smembers(key) if kind == b"set" else client.zrange(key, 0, -1)).encode()


def _database() -> str:
    from django.db import connection

    return str(connection.settings_dict["NAME"])
