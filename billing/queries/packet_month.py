"""One patient's month as a packet prints it: what was frozen where the month is closed, else what is on record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Organization
from billing.models import CoderDecision, DecisionKind, FrozenMonth, LateChange
from billing.queries import packet_papers as papers
from billing.queries.frozen import frozen_rows, read_lines
from billing.queries.month_detail import MonthDetail, month_detail
from billing.queries.packet_claims import packet_claims
from billing.queries.packet_time import packet_time
from billing.queries.release_pages import closed_clinics
from billing.queries.treated import treated_in
from billing.rules import canonical
from billing.rules import facts as frozen
from billing.rules.closing import standing_lines
from billing.rules.facts import MonthFacts
from billing.rules.findings import Verdict
from billing.rules.packet import CheckOn, CloseOn, CodeUnits, DecisionOn, FrozenOn, Heading, LateOn, PacketMonth
from billing.rules.release import CHECKS_BY_WORD
from billing.rules.release import HOLD as HOLDS
from caseload.rules.clock import first_day, last_day, month_starts_and_ends
from registry.models import Episode, Payer, TreatingClinician

People = Mapping[UUID, Membership]


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the month comes to, and from when its papers are read: None is now."""

    facts: MonthFacts
    verdict: Verdict | None
    minutes: int
    asks: CodeUnits
    refusal: str
    payer: str
    checks: tuple[CheckOn, ...]
    clinician: TreatingClinician | None
    close: CloseOn | None = None
    as_of: datetime | None = None


def packet_month(
    organization_id: UUID, month: str, episode_id: UUID, people: People | None = None, *, tells_reasons: bool = False
) -> PacketMonth:
    """Everything about one patient's month. Raises NotFound.

    Of a closed month facts, verdict, checks and lines are those of the last frozen row, and the papers and entries are
    those that were on record when it was frozen. Who makes many gives the `people`. `tells_reasons`: for those who may
    see the chart, also the reasons that people wrote.
    """
    rows = Episode.objects.filter(organization_id=organization_id, id=episode_id)
    episode = rows.select_related("patient", "clinic", "treating_clinician").first()
    if episode is None:
        raise NotFound
    people = people if people is not None else people_of(organization_id)
    row = (
        frozen_rows(organization_id, month)
        .filter(episode_id=episode_id)
        .select_related("close", "payer", "clinician")
        .first()
    )
    basis = _of_frozen(row, episode, people) if row is not None else _of_live(organization_id, month, episode)
    return _packet_month(episode, month, basis, people, tells_reasons=tells_reasons)


def _packet_month(
    episode: Episode, month: str, basis: _Basis, people: People, *, tells_reasons: bool = False
) -> PacketMonth:
    last_on, as_of = last_day(month), basis.as_of
    ends_at = month_starts_and_ends(month, ZoneInfo(episode.clinic.time_zone))[1]
    time = packet_time(episode, basis.facts, basis.minutes, people, as_of=as_of, tells_reasons=tells_reasons)
    return PacketMonth(
        heading=_heading(episode, month, basis),
        asks=basis.asks,
        refusal=basis.refusal,
        verdict=basis.verdict,
        minutes=time.minutes,
        consents=tuple(papers.consents(episode, people, ends_at, as_of=as_of)),
        visits=tuple(papers.visits(episode, last_on, as_of=as_of)),
        diagnoses=tuple(papers.diagnoses(episode, last_on, as_of=as_of, tells_reasons=tells_reasons)),
        scores=tuple(papers.scores(episode, last_on, as_of=as_of)),
        plans=tuple(papers.plans(episode, last_on, as_of=as_of)),
        entries=time.entries,
        taken_back=time.taken_back,
        excluded=time.excluded,
        reviews=tuple(papers.reviews(episode, people, last_on, as_of=as_of)),
        checks=basis.checks,
        decisions=tuple(_decisions(episode, month, people, as_of)),
        close=basis.close,
        claims=packet_claims(episode, month, people),
    )


def _heading(episode: Episode, month: str, basis: _Basis) -> Heading:
    patient, clinician = episode.patient, basis.clinician
    return Heading(
        organization=Organization.objects.get(id=episode.organization_id).name,
        clinic=episode.clinic.name,
        zone=episode.clinic.time_zone,
        month=month,
        patient=f"{patient.family_name}, {patient.given_name}",
        mrn=patient.mrn,
        born_on=patient.birth_date,
        program=episode.get_program_display(),
        enrolled_on=episode.enrolled_on,
        ended_on=episode.ended_on,
        clinician=papers.clinician_words(clinician),
        clinician_npi=clinician.npi if clinician else "",
        payer=basis.payer,
    )


def _of_live(organization_id: UUID, month: str, episode: Episode) -> _Basis:
    """The month as it stands. Where its clinic closed it without this patient, so that nothing was asked, that too."""
    detail = month_detail(organization_id, month, episode.id)
    verdict = detail.judged.verdict
    payer = detail.judged.month.payer
    is_closed = episode.clinic_id in closed_clinics(organization_id, month)
    came_after = "The month was closed before this came in; nothing is asked until it is corrected."
    return _Basis(
        facts=detail.facts,
        verdict=verdict,
        minutes=verdict.minutes if verdict else 0,
        asks=detail.asks,
        refusal=came_after if is_closed else detail.judged.refusal or _why_held(detail),
        payer=payer.name if payer else "",
        checks=_live_checks(detail),
        clinician=_clinician(episode, treated_in(organization_id, [detail.judged.month]).get(episode.id)),
    )


def _clinician(episode: Episode, clinician_id: UUID | None) -> TreatingClinician | None:
    """Whose service the month was; whoever treats today where it is not known."""
    today: TreatingClinician | None = episode.treating_clinician
    if clinician_id is None or clinician_id == episode.treating_clinician_id:
        return today
    return TreatingClinician.objects.get(organization_id=episode.organization_id, id=clinician_id)


def _why_held(detail: MonthDetail) -> str:
    release = detail.release
    return release.chip if release is not None and (release.is_held or release.is_not_billed) else ""


def _live_checks(detail: MonthDetail) -> tuple[CheckOn, ...]:
    found = detail.release.checks if detail.release is not None else ()
    return tuple(CheckOn(check.title, check.holds, check.sentence) for check in found)


def _of_frozen(row: FrozenMonth, episode: Episode, people: People) -> _Basis:
    """As it was frozen; of an enrolment taken back since, with what was on record until then."""
    payer: Payer | None = row.payer
    gone_at: datetime | None = episode.voided_at
    return _Basis(
        facts=frozen.from_json(json.dumps(row.facts)),
        verdict=canonical.read(Verdict, row.verdict) if row.verdict is not None else None,
        minutes=row.minutes,
        asks=_asked(row),
        refusal=row.refusal,
        payer=payer.name if payer else "",
        checks=tuple(_frozen_checks(row)),
        clinician=row.clinician or episode.treating_clinician,
        close=_close(row, people),
        as_of=row.frozen_at if gone_at is None else min(row.frozen_at, gone_at - timedelta(microseconds=1)),
    )


def _frozen_checks(row: FrozenMonth) -> Iterable[CheckOn]:
    for word, mode, sentence in row.release:
        known = CHECKS_BY_WORD.get(word)
        yield CheckOn(known.title if known else word, mode == HOLDS, sentence)


def _close(row: FrozenMonth, people: People) -> CloseOn:
    close = row.close
    of = {"organization_id": row.organization_id, "close_id": close.id, "episode_id": row.episode_id}
    rows = FrozenMonth.objects.filter(**of).defer("facts", "verdict").order_by("number")
    late = LateChange.objects.filter(**of).order_by("at", "id")
    return CloseOn(
        closed_at=close.closed_at,
        closed_by=str(people[close.closed_by_id]),
        rows=tuple(
            FrozenOn(one.number, one.frozen_at, str(people[one.frozen_by_id]), one.because, _asked(one), one.minutes)
            for one in rows
        ),
        late=tuple(LateOn(one.get_kind_display(), one.because, str(people[one.by_id]), one.at) for one in late),
    )


def _asked(row: Any) -> CodeUnits:
    return tuple((line.code, line.units) for line in standing_lines(read_lines(row.lines)))


def _decisions(episode: Episode, month: str, people: People, as_of: datetime | None) -> Iterable[DecisionOn]:
    """What a coder decided and stands, or stood when the month was frozen."""
    rows = CoderDecision.objects.standing(as_of).filter(
        organization_id=episode.organization_id, episode_id=episode.id, month=first_day(month)
    )
    for row in rows.order_by("recorded_at", "id"):
        lines = tuple((code, units) for code, units in row.lines)
        who = str(people[row.recorded_by_id])
        yield DecisionOn(DecisionKind(row.kind).label, row.because, lines, who, row.recorded_at)
