"""Links to questionnaires: as the care manager sees them, and as the patient who follows one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Organization
from registry.models import Patient, SelfReport, SentBy
from registry.queries.duty import reachable, turns_of
from registry.queries.protocols import Protocol, protocol_of
from registry.queries.tools import tools_sent_to_patients
from registry.rules.instruments import Instrument, instrument
from registry.rules.links import Address, long_address, read_address, short_address, spoken
from registry.rules.self_reports import (
    LANGUAGE_NAMES,
    MOST_WRONG_BIRTH_DATES,
    Gate,
    Given,
    LinkState,
    Question,
    gate,
    is_open,
    link_state,
    next_opening,
    questions,
    read_given,
)

_STATE_WORDS = {
    LinkState.SENT: "Not opened yet",
    LinkState.OPENED: "Opened",
    LinkState.FINISHED: "Finished",
    LinkState.EXPIRED: "Expired",
    LinkState.LOCKED: "Closed after five wrong birth dates",
    LinkState.WITHDRAWN: "Withdrawn",
}
_STATE_TONES = {LinkState.FINISHED: "good", LinkState.OPENED: "info", LinkState.LOCKED: "warning"}


@dataclass(frozen=True)
class LinkShown:
    """One link as the care team sees it; `unscored` are the tools whose gaps allowed no score."""

    id: UUID
    sent_at: datetime
    sent_by: str
    tools: str
    language: str
    way_key: str
    state: LinkState
    expires_at: datetime
    finished_at: datetime | None
    left_out: str
    unscored: str

    @property
    def words(self) -> str:
        return _STATE_WORDS[self.state]

    @property
    def tone(self) -> str:
        return _STATE_TONES.get(self.state, "")

    @property
    def is_open(self) -> bool:
        return is_open(self.state)

    @property
    def way(self) -> str:
        return SentBy(self.way_key).label

    @property
    def is_typed(self) -> bool:
        """On the clinic's tablet, as a code."""
        return self.way_key == SentBy.TABLET

    @property
    def can_be_shown(self) -> bool:
        """As a code to scan or to type."""
        return self.is_open and self.way_key in (SentBy.PRINTED, SentBy.TABLET)


@dataclass(frozen=True)
class SentLinks:
    """A patient's links. Without a rota no more can be sent."""

    links: tuple[LinkShown, ...]
    has_rota: bool


@dataclass(frozen=True)
class Way:
    """A way to bring a link to the patient, or the reason why it is not possible."""

    key: str
    label: str
    why_not: str = ""


@dataclass(frozen=True)
class Answering:
    """An answered link as the patient's pages need it. `at` is the instant of the request."""

    id: UUID
    organization_id: UUID
    patient_id: UUID
    at: datetime
    state: LinkState
    language: str
    tools: tuple[Instrument, ...]
    left_out: tuple[str, ...]
    given: Mapping[str, Given]
    protocol: Protocol
    confirmed_at: datetime | None
    session_sha256: bytes
    wrong_birth_dates: int
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        return is_open(self.state)

    @property
    def tries_left(self) -> int:
        return MOST_WRONG_BIRTH_DATES - self.wrong_birth_dates

    @cached_property
    def gate(self) -> Gate:
        """Whether it may be answered at this hour."""
        return gate(
            self.tools,
            is_clinic_open=self.protocol.is_open_at(self.at),
            outside=self.protocol.outside_hours,
            confirmed_at=self.confirmed_at,
            at=self.at,
        )

    @property
    def opens_at(self) -> datetime:
        """When the clinic opens next, in its zone."""
        local = self.at.astimezone(self.protocol.zone)
        return next_opening(local, weekdays=self.protocol.open_weekdays, opens_at=self.protocol.opens_at)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return questions(self.tools, self.given)

    @property
    def languages(self) -> tuple[tuple[str, str], ...]:
        """Those in which every tool of it is worded, with their names."""
        return languages_of(self.tools)

    @property
    def crisis_text(self) -> str:
        return self.protocol.crisis_text_es if self.language == "es" else self.protocol.crisis_text

    @property
    def read_within(self) -> str:
        return self.protocol.read_within_es if self.language == "es" else self.protocol.read_within


def organizations_of(text: str) -> tuple[Address | None, list[UUID]]:
    """What an address holds, and the organizations whose link it may be. At most one statement."""
    address = read_address(text)
    if address is None:
        return None, []
    known = [] if address.organization_id else list(Organization.objects.order_by("id").values_list("id", flat=True))
    return address, address.among(known)


def answering(address: Address, *, organization_id: UUID, at: datetime) -> Answering | None:
    """The link that an address opens, in whatever state it is; None where there is none. Two or three statements."""
    found = SelfReport.objects.filter(organization_id=organization_id, token_sha256=address.secret_sha256)
    row: SelfReport | None = found.first()
    if row is None:
        return None
    return Answering(
        id=row.id,
        organization_id=organization_id,
        patient_id=row.patient_id,
        at=at,
        state=state_of(row, at),
        language=row.language,
        tools=tools_in(row),
        left_out=tuple(row.answers.get("left_out", ())),
        given=given_in(row),
        protocol=protocol_of(row.clinic_id),
        confirmed_at=row.confirmed_at,
        session_sha256=bytes(row.session_sha256 or b""),
        wrong_birth_dates=row.wrong_birth_dates,
        finished_at=row.finished_at,
    )


def sent_links(patient: Patient, *, at: datetime) -> SentLinks:
    """Every link of a patient, the latest first, and whether more can be sent. Three statements."""
    seats = people_of(patient.organization_id)
    rows = SelfReport.objects.filter(organization_id=patient.organization_id, patient_id=patient.id)
    links = tuple(_shown(row, seats, at) for row in rows.order_by("-recorded_at", "-id"))
    return SentLinks(links, has_rota=bool(turns_of(patient.clinic_id, reachable(seats))))


def link_of(report_id: UUID, patient_id: UUID, organization_id: UUID, *, at: datetime) -> LinkShown:
    """One link of a patient. Two statements. Raises NotFound."""
    rows = SelfReport.objects.filter(organization_id=organization_id, patient_id=patient_id, id=report_id)
    row: SelfReport | None = rows.first()
    if row is None:
        raise NotFound
    return _shown(row, people_of(organization_id), at)


def offered_tools(clinic_id: UUID) -> tuple[Instrument, ...]:
    """The tools that a clinic sends to patients. One statement."""
    return tuple(tool.instrument for tool in tools_sent_to_patients(clinic_id))


def ways_of(patient: Patient) -> tuple[Way, ...]:
    """How a link may reach a patient; those without address, number or permission say what is missing."""
    return (
        Way(SentBy.EMAIL, "By e-mail", _why_no_email(patient)),
        Way(SentBy.TEXT, "By text message", _why_no_text(patient)),
        Way(SentBy.PRINTED, "As a printed code"),
        Way(SentBy.TABLET, "On a tablet in the clinic"),
    )


def languages_of(tools: tuple[Instrument, ...]) -> tuple[tuple[str, str], ...]:
    """Languages that all of some tools have, with their names."""
    return tuple((key, name) for key, name in LANGUAGE_NAMES.items() if all(key in tool.wordings for tool in tools))


def state_of(row: SelfReport, at: datetime) -> LinkState:
    """What became of a link."""
    return link_state(
        at=at,
        expires_at=row.expires_at,
        is_voided=row.voided_at is not None,
        is_finished=row.finished_at is not None,
        is_confirmed=row.confirmed_at is not None,
        wrong=row.wrong_birth_dates,
    )


def tools_in(row: SelfReport) -> tuple[Instrument, ...]:
    """The tools that a link asks."""
    return tuple(instrument(key) for key in row.instruments)


def given_in(row: SelfReport) -> dict[str, Given]:
    """The answers that a link holds."""
    return read_given(row.answers.get("given", {}))


def secret_of(report_id: UUID) -> bytes:
    """The secret of a link: made of its id by our key, so that it is stored nowhere and can be sent by a job."""
    return salted_hmac("registry.self_report", str(report_id), algorithm="sha256").digest()


def address_of(report_id: UUID, organization_id: UUID, sent_by: str) -> str:
    """The address's part after /q/: short where it is typed."""
    make = short_address if sent_by == SentBy.TABLET else long_address
    return make(organization_id, secret_of(report_id))


def code_of(report_id: UUID, organization_id: UUID) -> str:
    """The code that is typed on a tablet, in groups."""
    return spoken(short_address(organization_id, secret_of(report_id)))


def _shown(row: SelfReport, people: Mapping[UUID, Any], at: datetime) -> LinkShown:
    return LinkShown(
        id=row.id,
        sent_at=row.recorded_at,
        sent_by=str(people[row.recorded_by_id]),
        tools=_names(row.instruments),
        language=LANGUAGE_NAMES[row.language],
        way_key=row.sent_by,
        state=state_of(row, at),
        expires_at=row.expires_at,
        finished_at=row.finished_at,
        left_out=_names(row.answers.get("left_out", ())),
        unscored=_names(row.answers.get("given", ())) if row.finished_at else "",
    )


def _names(keys: Any) -> str:
    return ", ".join(instrument(key).name for key in keys)


def _why_no_email(patient: Patient) -> str:
    if not patient.email:
        return "No e-mail address is on record."
    return "" if patient.may_email else "It is not on record that the patient agrees to e-mail. Ask, and record it."


def _why_no_text(patient: Patient) -> str:
    if not settings.TEXT_SENDER:
        return "Text messages are not set up here."
    if not patient.phone:
        return "No phone number is on record."
    return "" if patient.may_text else "It is not on record that the patient agrees to texts. Ask, and record it."
