"""A row of the caseload list in the words and parts that its template lays out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString

from bhi.web.templatetags.bhi import ago_days, change_from, day
from bhi.web.templatetags.parts import NO_ID, due_day, minutes_bar, score_cell, signal_chips
from caseload.queries.caseload_list import CaseloadRow, ScoreCell
from caseload.rules.outreach import Outreach
from caseload.views.month_cells import MonthCell
from registry.rules.appointments import next_visit
from registry.rules.instruments import INSTRUMENTS

NOT_PLANNED = SafeString('<span class="muted">Not planned</span>')
NOTHING = SafeString("")


@dataclass(frozen=True, slots=True)
class Line:
    """What each cell of a row says, and where the name leads. `timer_url` is empty where no clock may be started."""

    url: str
    name: str
    about: str
    handed_over: str
    in_clinic: str
    signals: SafeString
    phq9: SafeString
    gad7: SafeString
    is_overdue: bool
    due: SafeString
    last_contact: str
    outreach: str
    is_at_risk: bool
    last_review: str
    month: SafeString
    timer_url: str


def lines_of(
    rows: Iterable[CaseloadRow],
    cells: Mapping[UUID, MonthCell],
    organization: str,
    *,
    names_clinics: bool,
    may_log: bool,
    outreach: Mapping[UUID, Outreach],
    at: datetime,
) -> list[Line]:
    """The lines of a page. The addresses of a patient are worked out once and completed for each row."""
    nobody, none = UUID(int=1), UUID(NO_ID)
    names = ("patient_chart", "timer_start", "signals")
    chart, timer, put_off = (reverse(name, args=[organization, nobody]) for name in names)
    score = reverse("assessment", args=[organization, nobody, none])
    return [
        _line(
            row,
            cells[row.episode_id],
            chart.replace(str(nobody), str(row.patient_id)),
            timer.replace(str(nobody), str(row.patient_id)) if may_log and row.is_open else "",
            put_off.replace(str(nobody), str(row.patient_id)) if may_log and row.is_open else "",
            score.replace(str(nobody), str(row.patient_id)),
            names_clinics=names_clinics,
            outreach=outreach.get(row.episode_id),
            at=at,
        )
        for row in rows
    ]


def _line(
    row: CaseloadRow,
    month: MonthCell,
    url: str,
    timer_url: str,
    put_off_url: str,
    score_url: str,
    *,
    names_clinics: bool,
    outreach: Outreach | None,
    at: datetime,
) -> Line:
    visit = next_visit(row.visits, at.astimezone(row.zone))
    return Line(
        url=url,
        name=row.name,
        about=_about(row, names_clinics=names_clinics),
        handed_over=f"Handed over {day(row.handed_over_on, row.today)}" if row.handed_over_on else "",
        in_clinic=visit.words(row.today) if visit else "",
        signals=signal_chips(row.signals, row.today, row.more_signals, put_off_url, score_url),
        phq9=_score("phq9", row.phq9, row),
        gad7=_score("gad7", row.gad7, row),
        is_overdue=row.is_overdue,
        due=(due_day(row.next_due_on, row.today, row.next_due_purpose) or NOT_PLANNED) if row.is_open else NOTHING,
        last_contact=_last_contact(row),
        outreach=_outreach(outreach, row),
        is_at_risk=outreach is not None and outreach.is_at_risk,
        last_review=f"Reviewed {ago_days(row.last_review_on, row.today)}" if row.last_review_on else "",
        month=minutes_bar(month.minutes, month.goal, month.next_code, month.code_now, month.missing_words),
        timer_url=timer_url,
    )


def _about(row: CaseloadRow, *, names_clinics: bool) -> str:
    """How long in the program and which record; the clinic and the status where they tell rows apart."""
    clinic = f" · {row.clinic}" if names_clinics else ""
    status = "" if row.is_active else f" · {row.status_label}"
    weeks = f"Week {row.weeks}" if row.is_open else f"{row.weeks} weeks"
    return f"{weeks} · {row.mrn}{clinic}{status}" if row.mrn else f"{weeks}{clinic}{status}"


def _score(key: str, score: ScoreCell, row: CaseloadRow) -> SafeString:
    scale = INSTRUMENTS[key]
    return score_cell(
        scale.name,
        baseline=score.baseline,
        last=score.last,
        last_on=score.last_on,
        series=score.series,
        highest=scale.highest_total,
        today=row.today,
        state=score.state,
        is_referral=score.is_referral,
    )


def _last_contact(row: CaseloadRow) -> str:
    return f"Last contact {ago_days(row.last_contact_on, row.today)}" if row.last_contact_on else "No contact yet"


def _outreach(outreach: Outreach | None, row: CaseloadRow) -> str:
    """That the patient is not being reached, in a few words."""
    if outreach is None:
        return ""
    state = "At risk of disengaging" if outreach.is_at_risk else "Not reached"
    since = outreach.at_risk_from if outreach.is_at_risk else outreach.lost_on
    return f"{state} since {day(since, row.today)}, {outreach.tries_words}"


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A row in plain words, for paper."""

    name: str
    about: str
    signals: str
    phq9: str
    gad7: str
    due: SafeString
    last_contact_on: date | None


def paper_lines(rows: Iterable[CaseloadRow], *, names_clinics: bool) -> list[PaperLine]:
    """The rows of a list as they are printed whole."""
    return [
        PaperLine(
            name=row.name,
            about=_about(row, names_clinics=names_clinics),
            signals=", ".join(signal.label for signal in row.signals),
            phq9=_score_words(row.phq9, row.today),
            gad7=_score_words(row.gad7, row.today),
            due=due_day(row.next_due_on, row.today, row.next_due_purpose) if row.is_open else NOTHING,
            last_contact_on=row.last_contact_on,
        )
        for row in rows
    ]


def _score_words(score: ScoreCell, today: date) -> str:
    """`18 to 0 (−18), Feb 20`; a score from before enrolment says so."""
    if score.last is None:
        return ""
    before = "" if score.change is None else f"{score.baseline} to "
    change = "" if score.change is None else f" ({change_from(score.last, score.baseline)})"
    return f"{before}{score.last}{change}{', referral' if score.is_referral else ''}, {day(score.last_on, today)}"
