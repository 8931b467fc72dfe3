"""Asking a URL of tests/walls/access.py as anybody, and what the table expects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership, Organization
from billing.models import ChargePosted, Claim, Denial, Packet, Refund
from caseload.models import AgendaItem, Contact, TimeEntry, Timer
from registry.models import EmergencyAccess, Episode, Patient, Referral, SafetyNotice
from tests.factories.tenancy import MembershipFactory
from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.access_kinds import ROLES, Url
from tests.walls.made import MARKERS

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
ABSENT = "absent"
# What differs between two askings of the same thing: tokens.
_ID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_TOKENS = re.compile(rb'(name="csrfmiddlewaretoken" value="|"X-CSRFToken": ")[^"]+')


def url_patterns(of: Any = None) -> Iterator[URLPattern]:
    """Every view of the URL map."""
    for pattern in (of or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from url_patterns(pattern)
        else:
            yield pattern


def is_allauths(pattern: URLPattern) -> bool:
    return str(pattern.callback.__module__).startswith("allauth.")


def seats_in(organization: Organization, other: Organization) -> dict[str, Membership]:
    """A seat by role; at the other organization a `stranger` who has every role there."""
    own = {role: MembershipFactory(organization=organization, roles=[role]) for role in ROLES}
    return {**own, "stranger": MembershipFactory(organization=other, roles=list(ROLES))}


PARTS = 24


def part(names: Iterable[str], number: int) -> list[str]:
    """One of PARTS parts of these addresses, which are walked by one test: people and sessions are made once."""
    return sorted(names)[number::PARTS]


def walked(names: Iterable[str], seats: Mapping[str, Membership], look: Callable[[Asking], Any]) -> dict[str, Any]:
    """What `look` finds at fault, by address. What an address made is taken back before the next one."""
    sessions, found = {who: _session_of(seat) for who, seat in seats.items()}, {}
    for name in names:
        with transaction.atomic():
            try:
                # Copies, as what is made may change the seat, the person or the organization that it is given.
                found[name] = look(Asking(name, OF_AN_ORGANIZATION[name], deepcopy(dict(seats)), sessions))
                connection.check_constraints()
            except Exception as fault:
                fault.add_note(f"at the address {name}")
                raise
            transaction.set_rollback(True)
        cache.clear()  # where rates are counted: an address more is no reason to be refused
    return {name: faults for name, faults in found.items() if faults}


def listed(found: Mapping[str, Any]) -> str:
    """Every address at fault, a line each: what pytest says of a long dictionary leaves most of it out."""
    return "\n".join(["", *(f"{name}: {faults}" for name, faults in found.items())])


class Asking:
    """One URL of an organization. `seats` holds a seat by role, and a `stranger` with every role elsewhere;
    `sessions` those of seats that have signed in already."""

    def __init__(
        self, name: str, url: Url, seats: Mapping[str, Membership], sessions: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.url, self.seats = name, url, seats
        self.slug = seats["admin"].organization.slug
        known = sessions or {who: _session_of(seat) for who, seat in seats.items()}
        self.clients = {who: _client(known.get(who)) for who in (*seats, "anonymous")}
        self._own: dict[Membership, dict[str, Any]] = {}

    @cached_property
    def foreign(self) -> dict[str, Any]:
        """The arguments of an object of the stranger's organization."""
        with tenant(self.seats["stranger"].organization):
            return dict(self.url.made(self.seats["stranger"]))

    @cached_property
    def has_object(self) -> bool:
        return any(not isinstance(value, str) for value in self.foreign.values())

    def ask(self, who: str, method: str = "GET", whose: str = "own", slug: str = "") -> Any:
        """One request, and everything that it did taken back. `markers` are those in it; `is_written` says whether it
        left its row in the audit, where it must."""
        arguments = self._arguments(who, whose)
        with transaction.atomic():
            answer: Any = self.request(who, method, arguments, slug)
            answer.markers = [word for word in MARKERS if word.encode() in answer.content]
            is_shown = whose == "own" and who in self.url.roles and bool(answer.markers or self.url.shows)
            answer.is_written = not is_shown or self._is_written(who, arguments)
            answer.unnamed = self._unnamed(who, answer) if is_shown else []
            transaction.set_rollback(True)
        return answer

    def _is_written(self, who: str, arguments: Mapping[str, Any]) -> bool:
        """Whether this seat's request left a row of the kind that the table names, marked with the request's id."""
        with tenant(self.seats[who].organization):
            rows = AuditEvent.objects.filter(by=self.seats[who], request_id__isnull=False)
            if self.url.shows == "patient":
                return rows.filter(patient_id=self.patient_of(arguments)).exists()
            return rows.filter(count__isnull=False).exists()

    def _unnamed(self, who: str, answer: HttpResponse) -> list[str]:
        """Whom the answer shows, by an id in it or by what was planted, and this request's rows do not name."""
        seat = self.seats[who]
        with tenant(seat.organization):
            rows = AuditEvent.objects.filter(by=seat, request_id__isnull=False)
            told = {id_ for row in rows for id_ in (row.patient_id, *(row.shown or ()))}
            known = dict(Patient.objects.values_list("id", "family_name"))
            known_by_episode = dict(Episode.objects.values_list("id", "patient_id"))
        ids = {UUID(found.decode()) for found in _ID.findall(answer.content)}
        shown = (ids & set(known)) | {known_by_episode[id_] for id_ in ids & set(known_by_episode)}
        missing = [str(id_) for id_ in shown - told]
        planted = {id_ for id_, name in known.items() if name in MARKERS}
        is_marked = any(word.encode() in answer.content for word in MARKERS)
        return [*missing, "somebody planted"] if is_marked and planted and not planted & told else missing

    def request(self, who: str, method: str, arguments: Mapping[str, Any], slug: str = "") -> HttpResponse:
        path = reverse(self.name, kwargs={"organization": slug or self.slug, **arguments})
        answer: Any = self.clients[who].generic(method, path)
        return answer

    def patient_of(self, arguments: Mapping[str, Any]) -> UUID:
        """Whose page this is."""
        for key, (model, path) in PATIENT_OF.items():
            if key in arguments:
                return _patient(model, path, arguments[key])
        if "patient_id" not in arguments:
            key, (model, path) = OF_A_JOB
            return _patient(model, path, arguments[key])
        found: UUID = arguments["patient_id"]
        return found

    def expected(self, who: str, method: str, whose: str) -> int:
        if who == "anonymous":
            return 302
        if who == "stranger":
            return 404
        if who not in self.url.roles:
            return 403
        allowed = {"GET": self.url.get, "HEAD": self.url.get, "POST": self.url.post}.get(method)
        if allowed is None:
            return 405
        return allowed if whose == "own" else 404

    def own(self, who: str) -> dict[str, Any]:
        """The arguments of an object of this seat's organization, made when first asked for: its own if it may."""
        seat = self.seats[who if who in self.url.roles else min(self.url.roles)]
        if seat not in self._own:
            with tenant(seat.organization):
                self._own[seat] = dict(self.url.made(seat))
        return self._own[seat]

    def _arguments(self, who: str, whose: str) -> dict[str, Any]:
        if whose == "own":
            return self.own(who)
        if whose == ABSENT:
            return {key: value if isinstance(value, str) else uuid7() for key, value in self.foreign.items()}
        return self.foreign


# Of an object, its model and where its patient is found.
PATIENT_OF: Mapping[str, tuple[Any, str]] = {
    "episode_id": (Episode, "patient_id"),
    "contact_id": (Contact, "patient_id"),
    "entry_id": (TimeEntry, "patient_id"),
    "timer_id": (Timer, "patient_id"),
    "referral_id": (Referral, "patient_id"),
    "notice_id": (SafetyNotice, "patient_id"),
    "item_id": (AgendaItem, "episode__patient_id"),
    "claim_id": (Claim, "patient_id"),
    "denial_id": (Denial, "claim__patient_id"),
    "posted_id": (ChargePosted, "patient_id"),
    "refund_id": (Refund, "claim__patient_id"),
    "packet_id": (Packet, "episode__patient_id"),
    "access_id": (EmergencyAccess, "patient_id"),
}
# A job's page: of the patient that its address names, or else its arguments.
OF_A_JOB = ("job_id", (Job, "arguments__patient_id"))


def _patient(model: Any, path: str, object_id: UUID) -> UUID:
    found: UUID = model.objects.values_list(path, flat=True).get(id=object_id)
    return found


def _session_of(seat: Membership) -> str:
    client = Client()
    client.force_login(seat.user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _client(session: str | None) -> Client:
    client = Client(raise_request_exception=False)
    if session is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    return client


def told(answer: HttpResponse) -> tuple[int, dict[str, str], bytes]:
    """What an answer gives away: its status, headers and bytes, but for tokens and the request's id."""
    headers = {key: value for key, value in answer.items() if key != "X-Request-ID"}
    return answer.status_code, headers, _TOKENS.sub(rb"\1", answer.content)
