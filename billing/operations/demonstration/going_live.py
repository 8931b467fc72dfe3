"""The demonstration's set-up: which model was advised, who was trained, what payers said, and what a lead signed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from billing.operations.demonstration.people import Staff
from billing.queries.model_rates import model_rates, rates_source
from caseload.operations.monthly_check import Task, sign_check
from caseload.queries.monthly_check import clinic_figures
from caseload.rules.clock import month_of
from caseload.rules.monthly_check import kept
from registry.operations.model_fit import keep_model_fit
from registry.operations.protocols import set_protocol
from registry.operations.setting_up import PilotSaid, record_payer_check, record_training, review_pilot, say_of_point
from registry.queries.setting_up import payers_asked
from registry.rules.model_fit import Answers, Can, advise

ANSWERS: Final = Answers(
    care_manager_hours=60,
    is_trained=Can.YES,
    consultant_hours=Decimal(4),
    review=Can.YES,
    registry=Can.BUILD,
    clinician=Can.YES,
    billing=Can.YES,
    active=80,
    new_a_month=8,
    shares={"medicare_ffs": 45, "medicare_advantage": 15, "commercial": 30, "medicaid": 5, "none": 5},
)


def tell_going_live(staff: Staff, *, at: datetime, today: date) -> None:
    """What an organization has settled a few months in, with a little left to do."""
    began = at - timedelta(days=150)
    advice = advise(ANSWERS, model_rates(began.date()))
    keep_model_fit(by=staff.admin, at=began, answers=ANSWERS, advice=advice, source=rates_source(began.date()))
    _trained(staff, at=at, today=today)
    _asked(staff, at=at, today=today)
    _changed(staff, at=at)
    _looked_through(staff, at=at, today=today)


def _trained(staff: Staff, *, at: datetime, today: date) -> None:
    """All but one within the year: that one is due again."""
    people = (staff.care_managers[0], staff.consultant, staff.clinician, staff.lead)
    for number, person in enumerate(people):
        on = today - timedelta(days=40 + 110 * number)
        record_training(
            by=staff.lead,
            at=at,
            today=today,
            member_id=person.id,
            kind="risk_protocol",
            on=on,
            by_whom="Samuel Price, in the team meeting",
        )


def _asked(staff: Staff, *, at: datetime, today: date) -> None:
    """Half of the payers, those of most patients."""
    payers = payers_asked(staff.organization.id)
    for number, payer in enumerate(payers[: (len(payers) + 1) // 2]):
        record_payer_check(
            by=staff.lead,
            at=at,
            today=today,
            payer_id=payer.id,
            program="cocm",
            is_covered=True,
            on=today - timedelta(days=30 + 12 * number),
            source="Provider manual" if number % 2 == 0 else "Provider line",
            note="No authorization is needed.",
        )


def _changed(staff: Staff, *, at: datetime) -> None:
    """A limit that was set and became another, and a point that is not needed."""
    clinic = staff.clinics[0]
    set_protocol(by=staff.admin, at=at - timedelta(days=120), clinic=clinic, link_days=7)
    set_protocol(by=staff.lead, at=at - timedelta(days=33), clinic=clinic, link_days=5)
    said = {"key": "import", "clinic_id": None, "is_needed": False, "note": "Everybody was enrolled here."}
    say_of_point(by=staff.lead, at=at, on=at.date(), **said)  # type: ignore[arg-type]


def _looked_through(staff: Staff, *, at: datetime, today: date) -> None:
    """The first two weeks, and the month before the last; the last month waits for its lead."""
    clinic = staff.clinics[0]
    figures = clinic_figures(staff.organization.id, clinic.id, today - timedelta(days=140), today - timedelta(days=127))
    said = PilotSaid(
        works="Warm hand-offs, and calls on the same day of the week.",
        mends="Second scores were late for two patients.",
        changes="Nora sends the questionnaire the day before each call.",
        go_on=True,
        figures=kept(figures),
    )
    review_pilot(
        by=staff.lead, at=at - timedelta(days=126), clinic_id=clinic.id, on=today - timedelta(days=126), said=said
    )
    month = month_of((today.replace(day=1) - timedelta(days=1)).replace(day=1) - timedelta(days=1))
    sign_check(
        by=staff.lead,
        at=at - timedelta(days=15),
        clinic_id=clinic.id,
        month=month,
        remark="More reached than the month before. Care plans lag behind enrolment.",
        tasks=[Task("Care plans within two weeks of enrolment", "Nora Ellison", today + timedelta(days=20))],
    )
