"""What holds of every verdict, on random months."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from billing.rules.books import book_in_force
from billing.rules.facts import AccessModel, EarlierLine, MonthFacts, OtherService, Visit, from_json, to_json
from billing.rules.month_type import COCM_CODES
from billing.rules.verdicts import judge, judge_in_order
from billing.rules.words import FLAGS, GAPS
from caseload.rules.clock import month_index
from caseload.rules.minutes import Counted, MonthMinutes
from tests.rules.billing.test_verdicts import IN_ORDER

DAY = date(2026, 10, 5)
BOOK = book_in_force("medicare_ffs", date(2026, 10, 1))

options = st.fixed_dictionaries(
    {},
    optional={
        "covers_g2214": st.booleans(),
        "g2214_min": st.sampled_from([16, 30]),
        "time_rule": st.sampled_from(["midpoint", "full"]),
        "addon_cap": st.sampled_from([None, 0, 2]),
        "initial_month_policy": st.sampled_from(["first_calendar_month", "first_billable_month"]),
        "initial_once_per": st.sampled_from(["episode", "calendar_year"]),
        "apcm_bh_route": st.sampled_from(["gcode", "cpt", "hold"]),
        "covers_99484": st.booleans(),
        "fqhc_cocm_code": st.sampled_from(["by_date", "G0512"]),
        "scale_within": st.sampled_from(["month", 60]),
    },
).map(lambda chosen: tuple(sorted(chosen.items())))


@st.composite
def times(draw) -> MonthMinutes:
    cocm = draw(st.integers(0, 200)) * 60 + draw(st.sampled_from([0, 1, 59]))
    bhi = cocm + draw(st.sampled_from([0, 0, 600, 1500]))
    first_on = DAY if bhi else None
    counting = Counted(cocm, bhi, first_on, engaged=bhi > 0 and draw(st.integers(0, 5)) > 0)
    consented = draw(st.integers(0, 5)) > 0
    return MonthMinutes(
        counted=counting if consented else Counted(),
        if_consented=counting,
        ccm_seconds=draw(st.sampled_from([0, 1200])),
        logged_seconds=bhi + draw(st.sampled_from([0, 60])),
        only_after_end=bhi == 0 and draw(st.booleans()),
    )


facts = st.builds(
    MonthFacts,
    month=st.just("2026-10"),
    enrolled_on=st.sampled_from([date(2026, 9, 1), date(2026, 10, 1)]),
    program=st.sampled_from(["cocm", "bhi"]),
    options=options,
    setting=st.sampled_from(["office", "hospital_outpatient", "fqhc", "rhc"]),
    place_of_service=st.sampled_from(["11", "22"]),
    time=times(),
    visits=st.sampled_from([(), (Visit(date(2026, 9, 17), "99214"),)]),
    diagnoses=st.sampled_from([("F32.1",), ("F32.1",), ()]),
    care_plans=st.sampled_from([(DAY,), (DAY,), ()]),
    scores=st.sampled_from([(DAY,), (DAY,), (date(2026, 9, 20),)]),
    reviews=st.sampled_from([(DAY,), (DAY,), ()]),
    other_services=st.lists(
        st.builds(
            OtherService,
            code=st.sampled_from(["G0557", "99490", "99495", "99484", "G0678"]),
            by=st.sampled_from(["billing", "other"]),
        ),
        max_size=3,
    ).map(tuple),
    served_before=st.sampled_from([(), ("2026-09",), ("2026-01",)]),
    billed_before=st.sampled_from([(), (EarlierLine("2026-01", "99492"),)]),
    access=st.sampled_from([None, None, AccessModel(aligned=True), AccessModel(aligned=True, participant=True)]),
)


@settings(max_examples=70, deadline=None)
@given(facts)
def test_a_verdict_is_always_well_formed(month):
    verdict = judge(month, BOOK)
    codes = [line.code for line in verdict.lines]
    family = [code for code in codes if code in COCM_CODES | {"99484", "G0511", "G0570"}]
    assert len(set(codes)) == len(codes)
    assert all(line.units >= 1 and line.citations and line.because for line in verdict.lines)
    assert family in ([], ["99492"], ["99493"], *ALLOWED)
    assert {gap.word for gap in verdict.gaps} <= GAPS.keys()
    assert {flag.word for flag in verdict.flags} <= FLAGS.keys()
    assert len({gap.word for gap in verdict.gaps}) == len(verdict.gaps)
    assert [one.outcome for one in verdict.considered].count("bills") == (1 if family else 0)


ALLOWED = (*(["99492", "99494"], ["99493", "99494"], ["G2214"], ["99484"], ["G0512"], ["G0568"], ["G0569"], ["G0570"]),)


@settings(max_examples=70, deadline=None)
@given(facts)
def test_a_month_that_bills_nothing_says_why(month):
    verdict = judge(month, BOOK)
    if month.time.logged_seconds and not any(one.outcome == "bills" for one in verdict.considered):
        assert verdict.gaps


@settings(max_examples=70, deadline=None)
@given(facts)
def test_frozen_facts_give_the_same_verdict(month):
    assert judge(from_json(to_json(month)), BOOK) == judge(month, BOOK)


@settings(max_examples=70, deadline=None)
@given(facts, st.integers(1, 7200))
def test_more_time_never_lowers_what_the_month_brings(month, seconds):
    more = judge(longer(month, seconds), BOOK)
    less = judge(month, BOOK)
    assume(more.amount is not None and less.amount is not None)
    assert more.amount >= less.amount


def longer(month: MonthFacts, seconds: int) -> MonthFacts:
    """The same month with more CoCM time on a day that already had some, or on the fifth."""
    time = month.time
    return replace(
        month,
        time=replace(
            time,
            counted=more_of(time.counted, seconds, consented=time.counted == time.if_consented),
            if_consented=more_of(time.if_consented, seconds, consented=True),
            logged_seconds=time.logged_seconds + seconds,
            only_after_end=False,
        ),
    )


def more_of(time: Counted, seconds: int, *, consented: bool) -> Counted:
    if not consented:
        return time
    return Counted(time.cocm_seconds + seconds, time.bhi_seconds + seconds, DAY, engaged=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(facts)
def test_the_next_step_is_right_about_the_minutes_it_names(month):
    """Adding the minutes of the next step reaches its code, and one minute less does not."""
    step = judge(month, BOOK).next_step
    assume(step is not None and month.program == "cocm" and not month.time.only_after_end)
    assert reached(longer(month, step.minutes * 60), step.code) >= step.units
    short = longer(month, step.minutes * 60 - 60) if step.minutes > 1 else month
    assert reached(short, step.code) < step.units


def reached(month: MonthFacts, code: str) -> int:
    """How many units of a code the minutes reach, whatever else is missing."""
    complete = replace(
        month,
        visits=(Visit(date(2026, 9, 17), "99214"),),
        diagnoses=("F32.1",),
        care_plans=(DAY,),
        scores=(DAY,),
        reviews=(DAY,),
        other_services=tuple(one for one in month.other_services if one.by == "billing"),
    )
    verdict = judge(complete, BOOK)
    reaching = [one.code for one in verdict.considered if one.needed_minutes is None and one.outcome != "not_reached"]
    reaching += [one.code for one in verdict.considered if one.minutes >= (one.needed_minutes or 10**6)]
    units = {line.code: line.units for line in verdict.lines}
    return max(units.get(code, 0), int(code in reaching))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 120)), max_size=8), st.randoms())
def test_the_order_in_which_months_come_never_matters(worked, chance):
    months = [month_of(index, minutes) for index, minutes in dict(worked).items()]
    shuffled = list(months)
    chance.shuffle(shuffled)
    in_order = judge_in_order(months)
    assert judge_in_order(shuffled) == in_order
    initial = [month_index(verdict.month) for verdict in in_order if verdict.month_type == "initial"]
    assert all(later - earlier > BOOK.run_gap_months for earlier, later in pairwise(initial))


def month_of(index: int, minutes: int) -> MonthFacts:
    month = f"{2026 + index // 12}-{index % 12 + 1:02d}"
    day = date(2026 + index // 12, index % 12 + 1, 5)
    time = Counted(minutes * 60, minutes * 60, day, engaged=True)
    return replace(
        IN_ORDER,
        month=month,
        enrolled_on=date(2026, 1, 1),
        visits=(Visit(date(2026, 1, 1), "99214"),),
        time=MonthMinutes(counted=time, if_consented=time, logged_seconds=minutes * 60),
        scores=(day,),
    )
