"""Judging one month alone says the same as judging all that came before."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.queries.facts import EpisodeMonth
from billing.queries.judging import judged_in, judged_in_order
from billing.queries.records import EpisodeRow, PatientRecord
from billing.rules.facts import AccessModel, EarlierLine, MonthFacts, OtherService, Visit
from billing.rules.payers import PayerRules
from caseload.rules.clock import first_day, month_named
from caseload.rules.minutes import Counted, MonthMinutes

FIRST = 2025 * 12 + 5
EPISODE = EpisodeRow(
    id=UUID(int=1),
    patient_id=UUID(int=2),
    clinic_id=UUID(int=3),
    clinic_name="Lakeside",
    time_zone="America/Chicago",
    setting="office",
    place_of_service="11",
    program="cocm",
    referred_on=None,
    enrolled_on=date(2025, 6, 1),
    ended_on=None,
    died_on=None,
    patient_name="Abara, Jo",
    patient_sort_name="abara, jo",
    mrn="1",
    has_facility_stay=False,
)


def in_month(index: int, minutes: int, **changes: Any) -> EpisodeMonth:
    month = month_named(FIRST + index)
    time = Counted(minutes * 60, minutes * 60, first_day(month) if minutes else None, engaged=minutes > 0)
    facts = MonthFacts(
        month=month,
        enrolled_on=EPISODE.enrolled_on,
        time=MonthMinutes(counted=time, if_consented=time, logged_seconds=minutes * 60),
        visits=(Visit(date(2025, 5, 20), "99214"),),
        diagnoses=("F32.1",),
        care_plans=(date(2025, 6, 1),),
        scores=(first_day(month),),
        reviews=(date(2025, 6, 2),),
    )
    facts = replace(facts, **changes)
    rules, record = PayerRules(facts.payer, facts.options), PatientRecord(access=facts.access)
    judged = EpisodeMonth(EPISODE, month, facts.time, record, rules, payer=None, coverage=None)
    vars(judged)["facts"] = facts  # as if put together from records
    return judged


POLICIES = (
    (),
    (),
    (),
    (("initial_month_policy", "first_billable_month"),),
    (("initial_once_per", "calendar_year"),),
)


@st.composite
def histories(draw: st.DrawFn) -> list[EpisodeMonth]:
    changes: dict[str, Any] = {"options": draw(st.sampled_from(POLICIES))}
    changes["served_before"] = draw(st.sampled_from(((), ("2025-03",), ("2024-09",))))
    changes["billed_before"] = draw(st.sampled_from(((), (EarlierLine("2025-04", "99492"),))))
    if draw(st.booleans()) and draw(st.booleans()):
        changes["access"] = AccessModel(aligned=True)
        changes["other_services"] = (OtherService("G0678"),)
    places = draw(st.lists(st.integers(0, 26), min_size=1, max_size=10).map(sorted))
    lengths = st.sampled_from((0, 5, 20, 32, 40, 90))
    reviewed = st.sampled_from(((date(2025, 6, 2),), (date(2025, 6, 2),), ()))
    return [in_month(place, draw(lengths), reviews=draw(reviewed), **changes) for place in places]


@settings(max_examples=400, deadline=None)
@given(histories())
def test_one_month_alone_is_judged_as_in_its_place(history: list[EpisodeMonth]):
    month = history[-1].facts.month
    in_place = [one for one in judged_in_order(history) if one.facts.month == month]
    alone = judged_in(history, month)
    assert [(one.verdict, one.is_doubled, one.refusal) for one in alone] == [
        (one.verdict, one.is_doubled, one.refusal) for one in in_place
    ]


def test_a_month_that_is_not_there_has_no_verdict():
    assert judged_in([in_month(0, 40)], "2026-01") == []


def test_only_the_nearest_line_is_looked_up():
    (judged,) = judged_in([in_month(place, 40) for place in range(5)], month_named(FIRST + 4))
    assert judged.facts.own_served == tuple(month_named(FIRST + place) for place in range(4))
    assert judged.facts.own_lines == (EarlierLine(month_named(FIRST + 3), "99493", 1),)
