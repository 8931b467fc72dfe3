"""The demonstration's concerns about safety: one assessed with its recheck, one answer of last night, one drill."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bhi.tenancy.ids import uuid7
from billing.operations.demonstration.people import ZONE, Staff
from registry.models import Episode, RiskCase
from registry.operations.answers import finish_self_report, give_answer
from registry.operations.assessments import record_assessment
from registry.operations.risk import assess_risk, do_step, note_call
from registry.operations.risk_protocols import assess_in_drill, begin_drill, do_in_drill, end_drill
from registry.operations.self_reports import confirm_birth_date, send_self_report
from registry.rules.risk import LOW, MODERATE, UNASSESSED
from registry.rules.risk_steps import DEFAULT

# Whose last session raised a concern that was assessed low, and who answered a questionnaire last night.
ASSESSED, AT_NIGHT = "Lindgren", "Okonkwo"
ASSESSED_DAYS_AGO: Final = 5
# Answers of the two, item 9 last; the screener says: wished to be dead, nothing more.
IN_SESSION, LAST_NIGHT = (3, 2, 2, 3, 2, 3, 2, 1, 1), (2, 2, 2, 2, 1, 2, 1, 1, 2)
SCREENED: Final = (1, 0, None, None, None, 0, None)
FOUND: Final = (
    "Wishes not to wake up on bad mornings; no thoughts of killing herself, no plan. Husband keeps the tablets."
)


def tell_danger(staff: Staff, episodes: list[Episode], *, at: datetime) -> None:
    """Both cases and a drill, each as it would have happened."""
    by_name = {one.patient.family_name: one for one in episodes}
    _assessed(staff, by_name[ASSESSED], at=at)
    _at_night(staff, by_name[AT_NIGHT], at=at)
    _drill(staff, at=at)


def _assessed(staff: Staff, episode: Episode, *, at: datetime) -> None:
    by = episode.care_manager or staff.care_managers[0]
    on = at.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=ASSESSED_DAYS_AGO)
    moment = datetime.combine(on, time(15), ZoneInfo(ZONE))
    of: dict[str, Any] = {"by": by, "patient": episode.patient, "episode": episode, "on": on}
    record_assessment(at=moment, instrument="phq9", items=IN_SESSION, client_token=uuid7(), **of)
    case = RiskCase.objects.live().get(patient=episode.patient)
    moment += timedelta(minutes=5)
    record_assessment(at=moment, instrument="cssrs", items=SCREENED, client_token=uuid7(), **of)
    doing: dict[str, Any] = {"by": by, "case_id": case.id}
    for step in DEFAULT[UNASSESSED]:
        do_step(at=moment, key=step.key, client_token=uuid7(), **doing)
    moment += timedelta(minutes=10)
    assess_risk(at=moment, tier=LOW, note=FOUND, client_token=uuid7(), **doing)
    for step in DEFAULT[LOW]:
        if step.key not in {one.key for one in DEFAULT[UNASSESSED]}:
            do_step(at=moment + timedelta(minutes=5), key=step.key, client_token=uuid7(), **doing)
    note_call(
        at=moment + timedelta(minutes=20),
        who="Husband, at home",
        text="Keeps the tablets; calls when mornings get worse.",
        client_token=uuid7(),
        **doing,
    )


def _at_night(staff: Staff, episode: Episode, *, at: datetime) -> None:
    """A questionnaire answered after the clinic closed: a call for help, a case, and nobody has assessed it."""
    local = at.astimezone(ZoneInfo(ZONE))
    sent_at = datetime.combine(local.date() - timedelta(days=1), time(16, 40), ZoneInfo(ZONE))
    report = send_self_report(
        by=episode.care_manager or staff.care_managers[0],
        at=sent_at,
        patient_id=episode.patient_id,
        tools=["phq9"],
        language="en",
        sent_by="printed",
        client_token=uuid7(),
    )
    moment = sent_at + timedelta(hours=5, minutes=31)
    of: dict[str, Any] = {"by": staff.system, "report_id": report.id}
    birth_date = episode.patient.birth_date
    confirm_birth_date(at=moment, birth_date=birth_date, session_sha256=report.id.bytes * 2, **of)
    for number, points in enumerate(LAST_NIGHT, start=1):
        give_answer(at=moment + timedelta(seconds=9 * number), tool="phq9", number=number, points=points, **of)
    finish_self_report(at=moment + timedelta(minutes=3), **of)


def _drill(staff: Staff, *, at: datetime) -> None:
    """The protocol was rehearsed a month ago, and what was learnt is written down."""
    begun_at = at - timedelta(days=31)
    drill = begin_drill(by=staff.lead, at=begun_at, clinic_id=staff.clinics[0].id, scenario="self_report")
    of: dict[str, Any] = {"by": staff.lead, "drill_id": drill.id}
    for minute, step in enumerate(DEFAULT[UNASSESSED], start=2):
        do_in_drill(at=begun_at + timedelta(minutes=minute), key=step.key, **of)
    assess_in_drill(at=begun_at + timedelta(minutes=9), tier=MODERATE, **of)
    for minute, step in enumerate(DEFAULT[MODERATE], start=10):
        do_in_drill(at=begun_at + timedelta(minutes=minute), key=step.key, **of)
    end_drill(at=begun_at + timedelta(minutes=21), remark="The number of the clinician on call was not at hand.", **of)
