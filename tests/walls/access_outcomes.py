"""Who may ask what of outcomes' addresses: the part of the access table (access.py) that is below them."""

from __future__ import annotations

from typing import Final

from tests.walls.access_kinds import ADMIN, BILLING, CM, LEAD, Url
from tests.walls.made_outcomes import (
    due_for_remission,
    experience_asked,
    frozen_month,
    hours_asked,
    hours_made,
    measured_months,
    measuring,
    one_measure,
    outcome_report,
    outcome_report_file,
    outcome_report_list,
    outcome_target,
    report_schedule,
    screened,
    screening_file,
)

LEADING: Final = frozenset({LEAD, ADMIN})
NAMING: Final = frozenset({CM, LEAD})
CARRYING: Final = frozenset({CM})
PAYING_CONSULTANTS: Final = frozenset({BILLING, LEAD, ADMIN})

OF_OUTCOMES: Final[dict[str, Url]] = {
    # the dashboard, its measures and who is behind them
    "outcomes": Url(LEADING, made=measured_months),
    "measures": Url(LEADING, made=measured_months),
    "measure": Url(LEADING, made=one_measure),
    "measure_patients": Url(NAMING, made=one_measure, shows="count"),
    "own_outcomes": Url(CARRYING, made=measured_months),
    "own_measure": Url(CARRYING, made=one_measure),
    "measure_now": Url(LEADING, get=None, post=302),
    "measure_making": Url(LEADING, made=measuring),
    # yearly measures of depression
    "remission": Url(LEADING, made=due_for_remission, shows="count"),
    "own_remission": Url(CARRYING, made=due_for_remission, shows="count"),
    "remission_calls": Url(NAMING, made=due_for_remission, shows="count"),
    "remission_csv": Url(LEADING, get=None, post=404),
    # capacity, caseloads, equity, consultants' hours
    "capacity": Url(LEADING),
    "equity": Url(LEADING, made=measured_months),
    "caseloads": Url(LEADING, made=measured_months),
    "consultant_hours": Url(PAYING_CONSULTANTS),
    "hours_csv": Url(PAYING_CONSULTANTS, get=None, post=404),
    "hours_pdf": Url(PAYING_CONSULTANTS, get=None, post=404),
    "hours_making": Url(PAYING_CONSULTANTS, made=hours_asked),
    "hours_file": Url(PAYING_CONSULTANTS, made=hours_made),
    # reports, months as measured, settings
    "outcome_reports": Url(LEADING, made=outcome_report_list),
    "outcome_report_new": Url(LEADING, post=422, made=outcome_report_list),
    "report_preview": Url(LEADING, get=None, post=422),
    "outcome_report": Url(LEADING, made=outcome_report),
    "outcome_report_file": Url(LEADING, made=outcome_report_file),
    "report_schedules": Url(LEADING, post=422),
    "report_schedule_stop": Url(LEADING, get=None, post=302, made=report_schedule),
    "measured_months": Url(LEADING, made=outcome_report_list),
    "measured_month": Url(LEADING, made=frozen_month),
    "further_edition": Url(LEADING, get=None, post=422, made=frozen_month),
    "outcome_settings": Url(LEADING, post=422),
    "outcome_targets": Url(LEADING, post=422),
    "work_shares": Url(LEADING, post=422),
    "consultant_rates": Url(LEADING, post=422),
    "payer_classes": Url(LEADING, post=302),
    "outcome_setting_back": Url(LEADING, post=422, made=outcome_target),
    # screening in the whole practice
    "screening": Url(LEADING, made=screened),
    "screening_waiting": Url(NAMING, made=screened, shows="count"),
    "screening_files": Url(LEADING, post=422, made=screened),
    "screening_file": Url(LEADING, made=screening_file),
    "screening_file_take": Url(LEADING, get=None, post=302, made=screening_file),
    # what patients say
    "experience": Url(LEADING),
    "experience_ask_due": Url(NAMING, get=None, post=302),
    "patient_experience": Url(NAMING, post=422, made=experience_asked, shows="patient"),
}
