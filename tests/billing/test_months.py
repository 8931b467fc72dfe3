"""What months bill from live rows: whole populations in few statements, payers, returns, what is shown."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import PayerProfile
from billing.operations.errors import ProfileTaken
from billing.operations.other_services import record_other_service, record_prior_service
from billing.operations.profiles import ensure_profile, ensure_profiles, set_profile
from billing.queries.claims import Expected
from billing.queries.facts import month_facts
from billing.queries.month_detail import month_detail
from billing.queries.month_page import Show, month_page, month_rows
from billing.queries.verdicts import MonthVerdict, month_verdicts, patient_verdicts
from billing.rules.books import NoBookInForce, OptionOutOfBounds, UnknownOption
from billing.rules.payers import default_rules
from registry.models import Episode
from registry.operations import record_visit
from registry.operations.episodes import end_episode, open_episode
from tests.billing.people import AT, Program
from tests.factories.registry import CarePlanFactory
from tests.factories.tenancy import ClinicFactory

FEBRUARY, MARCH = "2026-02", "2026-03"


def billed(judged: MonthVerdict) -> list[tuple[str, int]]:
    return [(line.code, line.units) for line in judged.verdict.lines]


def gaps(judged: MonthVerdict) -> list[str]:
    return [gap.word for gap in judged.verdict.gaps]


def february(program: Program, episode: Episode) -> MonthVerdict:
    return month_verdicts(program.organization.id, FEBRUARY, episode_ids=[episode.id])[episode.id]


def test_a_month_in_order_bills(lakeside: Program):
    judged = february(lakeside, lakeside.billing_patient(minutes=40))
    assert (billed(judged), gaps(judged), judged.bills) == ([("99492", 1)], [], True)
    assert judged.amount == Decimal("160.32")
    assert judged.verdict.book_id == "medicare_ffs_2026"


@pytest.mark.parametrize(
    ("missing", "gap"),
    [
        ("consent", "consent_missing"),
        ("visit", "initiating_visit_missing"),
        ("diagnosis", "diagnosis_missing"),
        ("care_plan", "care_plan_missing"),
        ("score", "rating_scale_missing"),
    ],
)
def test_what_is_missing_is_said(lakeside: Program, missing: str, gap: str):
    judged = february(lakeside, lakeside.billing_patient(without=(missing,)))
    assert (billed(judged), gaps(judged), judged.amount) == ([], [gap], Decimal(0))


def test_without_a_review_the_month_bills_as_general_bhi(lakeside: Program):
    judged = february(lakeside, lakeside.billing_patient(without=("review",)))
    assert (billed(judged), gaps(judged)) == ([("99484", 1)], ["case_review_missing"])


def test_what_an_import_had_to_assume_serves_and_is_flagged(lakeside: Program):
    episode = lakeside.billing_patient(without=("care_plan", "visit"))
    CarePlanFactory(organization=lakeside.organization, episode=episode, on=date(2026, 2, 2), is_assumed=True)
    record_visit(by=lakeside.by, at=AT, patient=episode.patient, on=date(2026, 1, 20))
    judged = february(lakeside, episode)
    assert (billed(judged), gaps(judged)) == ([("99492", 1)], [])
    assert {flag.word for flag in judged.verdict.flags} == {"care_plan_assumed", "visit_code_unknown"}
    assert (judged.facts.care_plans, judged.facts.assumed_care_plans) == ((), (date(2026, 2, 2),))
    documents = [document.label for document in month_detail(lakeside.organization.id, FEBRUARY, episode.id).documents]
    assert documents == [
        "Consent (BHI)",
        "Visit without a code",
        "Diagnosis",
        "Care plan, assumed by the import",
        "Case review",
        "Rating scale",
    ]


def test_an_episode_without_anything_is_there_when_asked_for(lakeside: Program):
    episode = lakeside.patient()
    judged = february(lakeside, episode)
    assert (billed(judged), gaps(judged), judged.facts.time.logged_seconds) == ([], [], 0)
    assert month_verdicts(lakeside.organization.id, FEBRUARY) == {}


def test_another_organizations_episode_is_not_there(lakeside: Program):
    assert month_verdicts(lakeside.organization.id, FEBRUARY, episode_ids=[uuid4()]) == {}


def test_later_months_know_the_earlier(lakeside: Program):
    episode = lakeside.billing_patient(minutes=40)
    lakeside.work(episode, 40, on=date(2026, 3, 10))
    lakeside.score(episode, date(2026, 3, 10))
    months = patient_verdicts(lakeside.organization.id, episode.patient_id, until=MARCH)
    assert [billed(judged) for judged in months] == [[("99492", 1)], [("99493", 1)]]
    assert months[1].facts.own_served == (FEBRUARY,)
    alone = month_verdicts(lakeside.organization.id, MARCH, episode_ids=[episode.id])[episode.id]
    assert alone == months[1]


def test_a_return_within_six_months_goes_on_as_a_later_month(lakeside: Program):
    first = lakeside.billing_patient(minutes=40)
    end_episode(by=lakeside.by, at=AT, episode=first, on=date(2026, 2, 20), reason="graduated")
    again = open_episode(
        by=lakeside.by, at=AT, patient=first.patient, clinic=lakeside.clinic, enrolled_on=date(2026, 3, 2)
    )
    lakeside._documents(again.patient, again, without=("consent", "visit"))
    lakeside.work(again, 40, on=date(2026, 3, 10))
    judged = month_verdicts(lakeside.organization.id, MARCH, episode_ids=[again.id])[again.id]
    assert billed(judged) == [("99493", 1)]
    assert [flag.word for flag in judged.verdict.flags] == ["episode_restart_unsettled"]


def test_two_enrolments_in_one_month_bill_it_once(lakeside: Program):
    first = lakeside.billing_patient(minutes=40)
    end_episode(by=lakeside.by, at=AT, episode=first, on=date(2026, 2, 12), reason="other")
    again = open_episode(
        by=lakeside.by, at=AT, patient=first.patient, clinic=lakeside.clinic, enrolled_on=date(2026, 2, 16)
    )
    lakeside._documents(again.patient, again, without=("consent", "visit"))
    lakeside.work(again, 40, on=date(2026, 2, 20))
    found = month_verdicts(lakeside.organization.id, FEBRUARY)
    assert [found[first.id].bills, found[again.id].bills] == [True, False]
    assert found[again.id].refusal == "An earlier enrolment bills this month"


def test_prior_and_other_services_decide(lakeside: Program):
    served, apcm = lakeside.billing_patient("Abara"), lakeside.billing_patient("Berg")
    record_prior_service(by=lakeside.by, at=AT, patient=served.patient, month="2025-12", code="99493")
    record_other_service(
        by=lakeside.by, at=AT, patient=apcm.patient, month=FEBRUARY, code="G0557", is_by_billing_practitioner=True
    )
    found = month_verdicts(lakeside.organization.id, FEBRUARY)
    assert billed(found[served.id]) == [("99493", 1)]
    assert billed(found[apcm.id]) == [("G0557", 1), ("G0568", 1)]


def test_a_service_of_this_practice_alone_makes_a_month(lakeside: Program):
    episode = lakeside.patient()
    record_other_service(
        by=lakeside.by, at=AT, patient=episode.patient, month=FEBRUARY, code="G0557", is_by_billing_practitioner=True
    )
    record_other_service(
        by=lakeside.by, at=AT, patient=episode.patient, month="2026-01", code="G0557", is_by_billing_practitioner=False
    )
    months = patient_verdicts(lakeside.organization.id, episode.patient_id, until=MARCH)
    assert [(judged.facts.month, billed(judged)) for judged in months] == [(FEBRUARY, [("G0557", 1)])]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("MEDICARE PART B", "medicare_ffs"),
        ("Medicare", "medicare_ffs"),
        ("Aetna Medicare Advantage", "medicare_advantage"),
        ("Aetna PPO", "commercial"),
        ("Medicaid of Kansas (KanCare)", "commercial"),
    ],
)
def test_a_payer_without_a_profile_gets_a_default_that_says_so(name: str, family: str):
    rules = default_rules(name)
    assert rules.family == family
    assert rules.note != ""


def test_the_default_shows_as_one_before_and_after_its_row_exists(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO")
    episode = lakeside.billing_patient(minutes=32, payer=aetna)
    before = february(lakeside, episode)
    ensure_profile(by=lakeside.by, at=AT, payer=aetna)
    after = february(lakeside, episode)
    assert (after.verdict, after.note, after.facts) == (before.verdict, before.note, before.facts)
    assert (billed(after), after.note) == ([("99484", 1)], default_rules("Aetna PPO").note)
    assert after.verdict.book_id.startswith("commercial_")


def test_profiles_are_ensured_once_and_not_for_self_pay(lakeside: Program):
    lakeside.payer("Aetna PPO")
    lakeside.payer("Medicare Part B")
    lakeside.payer("Self Pay", is_self_pay=True)
    assert [ensure_profiles(by=lakeside.by, at=AT) for _ in range(2)] == [2, 0]
    assert sorted(PayerProfile.objects.values_list("payer__name", "book", "is_default")) == [
        ("Aetna PPO", "commercial", True),
        ("Medicare Part B", "medicare_ffs", True),
    ]


def test_a_profile_holds_from_its_day_and_silences_the_note(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO")
    episode = lakeside.billing_patient(minutes=32, payer=aetna)
    set_profile(
        by=lakeside.by, at=AT, payer=aetna, book="commercial", from_on=date(2026, 2, 1), options={"covers_g2214": True}
    )
    set_profile(by=lakeside.by, at=AT, payer=aetna, book="medicare_ffs", from_on=date(2026, 3, 1))
    judged = february(lakeside, episode)
    assert (billed(judged), judged.note) == ([("G2214", 1)], "")
    with pytest.raises(ProfileTaken):
        set_profile(by=lakeside.by, at=AT, payer=aetna, book="medicare_ffs", from_on=date(2026, 2, 1))


@pytest.mark.parametrize(
    ("book", "options", "fault"),
    [
        ("nobody", {}, NoBookInForce),
        ("medicare_ffs", {"colour": "blue"}, UnknownOption),
        ("medicare_ffs", {"g2214_min": 20}, OptionOutOfBounds),
    ],
)
def test_a_profile_that_cannot_be_is_refused(lakeside: Program, book: str, options: dict, fault: type[Exception]):
    payer = lakeside.payer("Aetna PPO")
    with pytest.raises(fault):
        set_profile(by=lakeside.by, at=AT, payer=payer, book=book, from_on=date(2026, 1, 1), options=options)
    assert PayerProfile.objects.count() == 0


def test_nobody_to_ask(lakeside: Program):
    self_pay = lakeside.billing_patient("Abara", payer=lakeside.payer("Self Pay", is_self_pay=True))
    uncovered = lakeside.billing_patient("Berg", without=("coverage",))
    found = month_verdicts(lakeside.organization.id, FEBRUARY)
    assert {found[one.id].refusal for one in (self_pay,)} == {"Self pay: nothing to claim"}
    assert (found[uncovered.id].refusal, found[uncovered.id].bills) == ("No coverage on record", False)
    assert billed(found[uncovered.id]) == [("99492", 1)]


def test_before_the_first_rule_book_nothing_is_judged(lakeside: Program):
    episode = lakeside.patient(enrolled_on=date(2019, 5, 1))
    lakeside.work(episode, 40, on=date(2019, 5, 6))
    months = patient_verdicts(lakeside.organization.id, episode.patient_id, until=MARCH)
    assert [(one.verdict, one.refusal, one.bills) for one in months] == [
        (None, "No rule book of medicare_ffs holds in this month", False)
    ]


def facility_months(program: Program, episode: Episode) -> list[int]:
    months = month_facts(program.organization.id, until=MARCH, patient_ids=[episode.patient_id])
    return [month.facts.time.counted.cocm_seconds // 60 for month in months[episode.patient_id]]


def test_time_during_a_facility_stay_counts_as_the_payer_of_the_month_has_it(lakeside: Program):
    payer = lakeside.payer("Aetna PPO")
    episode = lakeside.patient(payer=payer)
    set_profile(by=lakeside.by, at=AT, payer=payer, book="medicare_ffs", from_on=date(2026, 1, 1))
    for month in (2, 3):
        lakeside.work(episode, 20, on=date(2026, month, 10), is_facility_stay=True, role="care_manager")
        lakeside.work(episode, 10, on=date(2026, month, 11), role="care_manager")
    assert facility_months(lakeside, episode) == [30, 30]
    set_profile(by=lakeside.by, at=AT, payer=payer, book="commercial", from_on=date(2026, 3, 1))
    assert facility_months(lakeside, episode) == [30, 10]
    set_profile(by=lakeside.by, at=AT, payer=payer, book="commercial", from_on=date(2026, 2, 1))
    assert facility_months(lakeside, episode) == [10, 10]


def statements(program: Program, episodes: list[UUID] | None) -> int:
    with CaptureQueriesContext(connection) as captured:
        month_verdicts(program.organization.id, FEBRUARY, episode_ids=episodes)
    return len(captured)


def test_any_number_of_patients_costs_the_same_statements(lakeside: Program):
    one = lakeside.billing_patient()
    few = statements(lakeside, [one.id]), statements(lakeside, None)
    more = [one, *(lakeside.billing_patient(f"Family{n}") for n in range(7))]
    many = statements(lakeside, [episode.id for episode in more]), statements(lakeside, None)
    assert few == many == (5, 4)


def test_the_month_page_counts_filters_and_adds_up(lakeside: Program):
    ridge = ClinicFactory(organization=lakeside.organization, name="Ridge")
    lakeside.billing_patient("Abara", 40)
    lakeside.billing_patient("Berg", 118)
    lakeside.billing_patient("Castro", 36, payer=lakeside.payer("Aetna PPO"), clinic=ridge)
    short = lakeside.billing_patient("Dogan", 5)
    page = month_page(lakeside.organization.id, FEBRUARY)
    assert [row.patient_name for row in page.rows] == ["Abara, Jo", "Berg, Jo", "Castro, Jo", "Dogan, Jo"]
    counts = {"all": 4, "bills": 3, "missing": 1, "held": 0, "held_back": 0}
    assert {show: page.counts[show] for show in counts} == counts
    assert (page.claimable, page.claimable_expected) == (3, Expected(Decimal("443.56"), 1))
    assert [(one.name, one.count, one.expected) for one in page.by_code] == [
        ("99492", 3, Expected(Decimal("320.64"), 1)),
        ("99494", 2, Expected(Decimal("122.92"), 0)),
    ]
    assert [(one.name, one.count) for one in page.by_payer] == [("Aetna PPO", 1), ("Medicare Part B", 2)]
    missing = month_page(lakeside.organization.id, FEBRUARY, show=Show.MISSING).rows
    assert [row.episode_id for row in missing] == [short.id]
    assert [gap.word for gap in missing[0].gaps] == ["minutes_short"]
    assert (missing[0].next_step.code, missing[0].next_step.minutes) == ("G2214", 11)
    at_ridge = month_page(lakeside.organization.id, FEBRUARY, clinic_id=ridge.id)
    assert [row.patient_name for row in at_ridge.rows] == ["Castro, Jo"]
    assert len(at_ridge.clinics) == 2


def test_enrolled_patients_with_nothing_in_the_month_are_counted(lakeside: Program):
    lakeside.billing_patient("Abara")
    lakeside.patient("Berg")
    gone, later = lakeside.patient("Castro"), lakeside.patient("Dogan", enrolled_on=date(2026, 3, 2))
    end_episode(by=lakeside.by, at=AT, episode=gone, on=date(2026, 2, 20), reason="other")
    counts = {month: month_page(lakeside.organization.id, month).without_time for month in ("2026-01", FEBRUARY, MARCH)}
    assert counts == {"2026-01": 0, FEBRUARY: 2, MARCH: 3}
    assert month_page(lakeside.organization.id, FEBRUARY, clinic_id=later.clinic_id).without_time == 2


def test_the_month_page_is_cut_into_pages_by_name(lakeside: Program):
    names = [f"Family{n}" for n in range(5)]
    for name in names:
        lakeside.billing_patient(name)
    seen, after, place = [], None, []
    while True:
        page = month_page(lakeside.organization.id, FEBRUARY, after=after, limit=2)
        seen += [row.patient_name.removesuffix(", Jo") for row in page.rows]
        place.append((page.first_row, page.has_previous, page.previous_after is not None))
        after = page.next_after
        if after is None:
            break
    assert seen == names
    assert place == [(1, False, False), (3, True, False), (5, True, True)]


def test_held_entries_are_counted_in_the_month_that_they_touch(lakeside: Program):
    from tests.factories.caseload import TimeEntryFactory, UntimedEntryFactory

    episode = lakeside.billing_patient()
    at_midnight = datetime(2026, 3, 1, 5, 50, tzinfo=UTC)
    TimeEntryFactory(organization=lakeside.organization, episode=episode, starts_at=at_midnight, held=True)
    UntimedEntryFactory(organization=lakeside.organization, episode=episode, on=date(2026, 2, 28), held=True)
    rows = {month: month_rows(lakeside.organization.id, month)[0].held_entries for month in (FEBRUARY, MARCH)}
    assert rows == {FEBRUARY: 2, MARCH: 1}
