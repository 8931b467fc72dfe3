"""Release checks from live rows: each holds what it should, on both edge days, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.errors import NotFound
from billing.models import CheckMode
from billing.operations.batches import make_batch
from billing.operations.decisions import set_release_modes
from billing.operations.errors import AllHeld
from billing.queries.claimable import claimable
from billing.queries.month_page import Show, month_page
from billing.queries.release import releases
from billing.queries.release_pages import checks_set, modes_before
from billing.queries.verdicts import month_verdicts
from caseload.models import TimeEntry
from registry.models import Coverage, Episode
from registry.operations import record_consent
from registry.operations.coverages import record_coverage_checks
from registry.operations.errors import DateOutOfOrder, SourceMissing
from registry.operations.people import treating_clinician_named
from tests.billing.people import AT, program
from tests.billing.release_months import ENTERED, FEBRUARY, LAST, Months
from tests.factories.billing import OtherServiceFactory
from tests.factories.caseload import ContactFactory, TimeEntryFactory
from tests.factories.registry import CarePlanFactory
from tests.factories.reviews import ReviewSessionFactory, SessionSeatFactory
from tests.factories.work import CoSignatureFactory, SupervisionFactory


@pytest.fixture
def months(in_tenant: Any, clinic: Any) -> Months:
    return Months(program(in_tenant, clinic, notes=False))


def test_a_month_in_order_leaves_at_once(months: Months):
    episode = months.episode()
    release = months.release(episode)
    assert (release.checks, release.is_held, release.why, release.chip) == ((), False, "", "")
    assert [line.code for line in release.asked] == ["99492"]


@pytest.mark.parametrize(("days", "failed"), [(59, []), (60, ["review_old"])])
def test_a_review_of_the_60_days_that_end_with_the_month(months: Months, days: int, failed: list[str]):
    """A review before enrolment supports nothing, so another payer's reading is left aside: the month bills by its
    first review, and the check asks for a later one.
    """
    episode = months.people.patient("Abara", without=("review",), enrolled_on=date(2025, 12, 1))
    months.people.work(episode, 40, at=ENTERED)
    months.people.score(episode, date(2026, 2, 10))
    months.review(episode, LAST - timedelta(days=days))
    months.review(months.episode("Berg"), LAST)
    assert [word for word in months.failed(episode) if word == "review_old"] == failed


def test_a_review_after_the_month_does_not_serve_it(months: Months):
    episode = months.people.patient("Abara", without=("review",), enrolled_on=date(2025, 12, 1))
    months.people.work(episode, 40, at=ENTERED)
    months.people.score(episode, date(2026, 2, 10))
    months.review(episode, date(2025, 12, 20))
    months.review(episode, date(2026, 3, 1))
    assert "review_old" in months.failed(episode)


@pytest.mark.parametrize(
    ("on", "state", "failed"),
    [
        (date(2026, 2, 1), "ended", False),
        (date(2026, 2, 28), "ended", False),
        (date(2026, 1, 31), "ended", True),
        (date(2026, 3, 1), "ended", True),
        (date(2026, 2, 10), "planned", True),
    ],
)
def test_a_session_of_the_clinic_is_a_consultation(months: Months, on: date, state: str, failed: bool):
    episode = early(months)
    began = {"began_at": AT, "ended_at": AT} if state == "ended" else {}
    ReviewSessionFactory(
        organization=months.people.organization, clinic=months.people.clinic, on=on, state=state, **began
    )
    assert ("no_consultation" in months.failed(episode)) is failed


def early(months: Months) -> Episode:
    """Enrolled and reviewed in January."""
    episode = months.people.patient("Abara", without=("review",), enrolled_on=date(2026, 1, 5))
    months.people.work(episode, 40, at=ENTERED)
    months.people.score(episode, date(2026, 2, 10))
    months.review(episode, date(2026, 1, 15))
    return episode


def test_a_review_of_another_patient_of_the_clinic_is_a_consultation(months: Months):
    episode = early(months)
    assert "no_consultation" in months.failed(episode)
    months.episode("Berg", reviewed_on=date(2026, 2, 10))
    assert "no_consultation" not in months.failed(episode)


def test_a_session_to_which_the_care_manager_came_is_a_consultation(months: Months):
    episode = early(months)
    Episode.objects.filter(id=episode.id).update(care_manager=months.people.worker)
    session = ReviewSessionFactory(
        organization=months.people.organization, on=LAST, state="ended", began_at=AT, ended_at=AT
    )
    seat = SessionSeatFactory(
        organization=months.people.organization, session=session, membership=months.people.worker, is_present=False
    )
    assert "no_consultation" in months.failed(episode)
    seat.is_present = True
    seat.save(update_fields=["is_present"])
    assert "no_consultation" not in months.failed(episode)


@pytest.mark.parametrize(
    ("on", "failed"),
    [(date(2026, 1, 31), True), (date(2026, 2, 1), False), (LAST, False), (date(2026, 3, 1), True)],
)
def test_a_month_of_coordination_has_no_session(months: Months, on: date, failed: bool):
    episode = months.episode(role="care_manager", activity="coordination")
    ContactFactory(
        organization=months.people.organization,
        episode=episode,
        patient=episode.patient,
        on=on,
        activity="treatment",
        signed_as="Ken Abara, RN",
    )
    assert ("no_treatment_contact" in months.failed(episode)) is failed


@pytest.mark.parametrize(("days", "failed"), [(89, []), (90, ["plan_old"])])
def test_a_plan_of_the_90_days_that_end_with_the_month(months: Months, days: int, failed: list[str]):
    episode = months.episode(planned_on=LAST - timedelta(days=days))
    assert months.failed(episode) == failed


def test_an_assumed_plan_has_no_known_day(months: Months):
    episode = months.episode(planned_on=None)
    assumed = {"organization": months.people.organization, "episode": episode, "on": date(2026, 2, 2)}
    CarePlanFactory(**assumed, is_assumed=True)
    assert months.sentence(episode) == "The import knew no day of the plan, so its last revision is not known."


def test_a_diagnosis_that_bills_is_confirmed(months: Months):
    episode = months.episode(confirmed_on=None)
    assert months.failed(episode) == ["diagnosis_unconfirmed"]
    assert months.sentence(episode) == "Not confirmed by the treating clinician on record: F32.1."


@pytest.mark.parametrize(
    ("recorded", "failed"),
    [(datetime(2026, 2, 18, 5, 59, tzinfo=UTC), []), (datetime(2026, 2, 18, 6, 0, tzinfo=UTC), ["entry_late"])],
)
def test_an_entry_is_late_on_the_eighth_day_of_the_clinics_calendar(
    months: Months, recorded: datetime, failed: list[str]
):
    """Work of Feb 10; the eighth day after begins at 06:00 UTC in Chicago."""
    episode = months.episode(entered_at=recorded)
    assert months.failed(episode) == failed


def test_what_an_import_brought_is_neither_late_nor_unsigned(months: Months):
    episode = months.people.patient()
    TimeEntryFactory(
        organization=months.people.organization,
        episode=episode,
        patient=episode.patient,
        span=(datetime(2026, 2, 10, 16, tzinfo=UTC), datetime(2026, 2, 10, 16, 40, tzinfo=UTC)),
        recorded_at=AT,
        import_id=uuid4(),
    )
    ContactFactory(
        organization=months.people.organization,
        episode=episode,
        patient=episode.patient,
        on=LAST,
        note="From the tracker.",
        import_id=uuid4(),
    )
    assert months.failed(episode) == ["diagnosis_unconfirmed", "coverage_unchecked"]


def test_a_note_without_a_signature_waits(months: Months):
    episode = months.episode()
    kept = {"organization": months.people.organization, "episode": episode, "patient": episode.patient, "note": "Well."}
    ContactFactory(**kept, on=date(2026, 2, 1), signed_as="")
    ContactFactory(**kept, on=date(2026, 3, 1), signed_as="")
    ContactFactory(**kept, on=LAST, signed_as="Ken Abara, RN")
    assert months.sentence(episode) == "1 note waits for a signature, the oldest of Feb 1, 2026."


@pytest.mark.parametrize(
    ("on", "failed"), [(date(2026, 1, 31), ["coverage_unchecked"]), (date(2026, 2, 1), []), (date(2026, 4, 1), [])]
)
def test_coverage_is_asked_about_since_the_month_began(months: Months, on: date, failed: list[str]):
    episode = months.episode(asked_on=on)
    assert months.failed(episode) == failed


def test_the_last_answer_about_coverage_decides(months: Months):
    episode = months.episode()
    months.asked(episode, date(2026, 3, 2), is_in_force=False)
    assert months.sentence(episode) == "Not in force: so said on Mar 2, 2026 (Portal)."
    months.asked(episode, date(2026, 3, 3))
    assert months.failed(episode) == []


def test_a_change_of_clinician_asks_for_a_new_consent(months: Months):
    by = months.people.by
    rivera = treating_clinician_named(by=by, family_name="Rivera", given_name="Ana")
    okafor = treating_clinician_named(by=by, family_name="Okafor", given_name="Ben")
    episode = months.episode()
    named(months, episode, rivera, datetime(2026, 2, 2, 7, tzinfo=UTC))
    assert months.failed(episode) == []
    Episode.objects.filter(id=episode.id).update(treating_clinician=okafor)
    assert months.sentence(episode) == "The consent of Feb 2, 2026 names Ana Rivera; Ben Okafor treats now."
    named(months, episode, okafor, datetime(2026, 3, 2, 7, tzinfo=UTC))
    assert months.failed(episode) == []


def named(months: Months, episode: Episode, clinician: Any, at: datetime, **fields: Any) -> None:
    by = months.people.by
    record_consent(by=by, at=AT, patient=episode.patient, given_at=at, treating_clinician=clinician, **fields)


def test_a_consent_without_a_time_is_only_noted(months: Months):
    episode = months.episode()
    named(months, episode, None, datetime(2026, 2, 3, 6, tzinfo=UTC), is_time_known=False)
    release = months.release(episode)
    assert [(check.word, check.mode) for check in release.checks] == [("consent_untimed", "note")]
    assert (release.is_held, len(release.asked)) == (False, 1)


def test_minutes_of_a_facility_stay_that_are_needed(months: Months):
    episode = months.episode(minutes=30)
    months.people.work(episode, 10, on=date(2026, 2, 12), at=datetime(2026, 2, 13, tzinfo=UTC))
    TimeEntry.objects.filter(episode=episode, span__startswith__gte=datetime(2026, 2, 12, tzinfo=UTC)).update(
        is_facility_stay=True
    )
    said = "Without the minutes during a facility stay the month supports G2214, not 99492."
    assert [(check.word, check.sentence) for check in months.release(episode).checks] == [
        ("facility_minutes_needed", said)
    ]


def test_a_stay_that_the_lines_do_not_need_is_nothing(months: Months):
    episode = months.episode(minutes=60)
    months.people.work(episode, 10, on=date(2026, 2, 12), at=datetime(2026, 2, 13, tzinfo=UTC))
    TimeEntry.objects.filter(episode=episode, span__startswith__gte=datetime(2026, 2, 12, tzinfo=UTC)).update(
        is_facility_stay=True
    )
    assert months.failed(episode) == []


def test_units_and_minutes_that_a_payer_may_refuse(months: Months):
    many, short = months.episode(minutes=146), months.episode("Berg", 29)
    assert months.sentence(many) == "99494 × 3 is asked for."
    assert months.sentence(short) == "G2214 rests on 29 minutes."
    assert months.failed(months.episode("Castro", 145)) == []
    assert months.failed(months.episode("Dogan", 30)) == []


def test_what_the_practice_charged_itself_is_not_asked_for_again(months: Months):
    episode = months.episode()
    OtherServiceFactory(
        organization=months.people.organization, patient=episode.patient, code="99490", minutes=25, import_id=uuid4()
    )
    release = months.release(episode)
    assert [line.code for line in release.supported] == ["99492", "99490"]
    assert ([line.code for line in release.asked], release.charged) == (["99492"], ("99490",))


def test_held_months_are_not_claimed_and_their_number_is_said(months: Months):
    held, free = months.episode(confirmed_on=None), months.episode("Berg")
    organization_id = months.people.organization.id
    found = claimable(organization_id, FEBRUARY)
    assert ([one.episode.id for one in found.billable], found.held) == ([free.id], 1)
    page = month_page(organization_id, FEBRUARY, show=Show.HELD_BACK)
    assert ([row.episode_id for row in page.rows], page.held_back, page.claimable) == ([held.id], 1, 1)
    assert page.rows[0].release is not None
    assert page.rows[0].release.chip == "Held: diagnosis not confirmed"
    batch = make_batch(by=months.people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    assert batch.claim_count == 1
    with pytest.raises(AllHeld, match=r"The one claim left for February 2026 is held back\."):
        make_batch(by=months.people.by, at=AT, month=FEBRUARY, client_token=uuid4())


def test_an_organization_may_note_what_others_hold(months: Months):
    episode = months.episode(confirmed_on=None)
    by = months.people.by
    assert set_release_modes(by=by, at=AT, modes={"diagnosis_unconfirmed": CheckMode.NOTE}) == (
        "diagnosis_unconfirmed",
    )
    assert set_release_modes(by=by, at=AT, modes={"diagnosis_unconfirmed": CheckMode.NOTE}) == ()
    release = months.release(episode)
    assert ([(check.word, check.holds) for check in release.checks], release.is_held) == (
        [("diagnosis_unconfirmed", False)],
        False,
    )
    set_release_modes(by=by, at=AT, modes={"diagnosis_unconfirmed": CheckMode.HOLD})
    assert months.release(episode).is_held
    shown = {one.check.word: one for one in checks_set(months.people.organization.id)}
    assert (shown["diagnosis_unconfirmed"].mode, shown["consent_untimed"].mode) == ("hold", "note")
    assert shown["diagnosis_unconfirmed"].changed_by == str(by)
    assert [(one.title, one.mode) for one in modes_before(months.people.organization.id)] == [
        ("Diagnosis not confirmed", "note")
    ]


def test_any_number_of_months_costs_one_statement(months: Months):
    few = [months.episode()]
    many = [*few, *(months.episode(f"Berg{n}") for n in range(4))]

    def statements(episodes: list[Episode]) -> int:
        judged = month_verdicts(
            months.people.organization.id, FEBRUARY, episode_ids=[episode.id for episode in episodes]
        )
        with CaptureQueriesContext(connection) as captured:
            assert len(releases(months.people.organization.id, FEBRUARY, judged.values())) == len(episodes)
        return len(captured)

    assert (statements(few), statements(many)) == (1, 1)


def test_a_stay_of_another_month_is_nothing_to_this_one(months: Months):
    episode = months.episode()
    march = months.people.work(episode, 10, on=date(2026, 3, 12), at=datetime(2026, 3, 13, tzinfo=UTC))
    TimeEntry.objects.filter(id=march.id).update(is_facility_stay=True)
    assert months.failed(episode) == []


def test_a_check_or_a_mode_that_is_none_is_not_set(months: Months):
    for modes in ({"nothing": "hold"}, {"plan_old": "never"}):
        with pytest.raises(NotFound):
            set_release_modes(by=months.people.by, at=AT, modes=modes)


def test_a_supervised_note_waits_for_the_supervisors_signature(months: Months):
    episode, worker = months.episode(), months.people.worker
    organization = months.people.organization
    SupervisionFactory(organization=organization, supervised=worker, made_at=datetime(2026, 1, 1, tzinfo=UTC))
    note = ContactFactory(
        organization=organization, episode=episode, patient=episode.patient, on=LAST, by=worker,
        note="Well.", signed_as="Ken Abara, RN", recorded_at=ENTERED,
    )  # fmt: skip
    assert months.failed(episode) == ["note_unsigned"]
    CoSignatureFactory(organization=organization, contact=note)
    assert months.failed(episode) == []


def test_an_answer_about_coverage_is_kept_once_and_says_where(months: Months):
    episode = months.episode(asked_on=None)
    coverage = Coverage.objects.get(patient=episode.patient)
    given = {"by": months.people.by, "at": AT, "coverage_ids": [coverage.id], "is_in_force": True}
    asked = {"on": date(2026, 3, 2), "source": "Portal"}
    assert record_coverage_checks(**given, **asked) == 1
    assert record_coverage_checks(**given, **asked) == 0
    with pytest.raises(SourceMissing):
        record_coverage_checks(**given, **{**asked, "source": " "})
    with pytest.raises(DateOutOfOrder):
        record_coverage_checks(**given, **{**asked, "on": date(2026, 4, 4)})
    with pytest.raises(NotFound):
        record_coverage_checks(**{**given, "coverage_ids": [uuid4()]}, **asked)


def test_a_day_of_an_answer_is_a_day_at_the_clinic(months: Months):
    """In the evening of April 3 in Chicago it is April 4 in UTC: nobody has asked on that day yet."""
    coverage = Coverage.objects.get(patient=months.episode(asked_on=None).patient)
    given = {"by": months.people.by, "coverage_ids": [coverage.id], "is_in_force": True, "source": "Portal"}
    evening = datetime(2026, 4, 4, 2, 0, tzinfo=UTC)
    with pytest.raises(DateOutOfOrder):
        record_coverage_checks(at=evening, on=date(2026, 4, 4), **given)
    assert record_coverage_checks(at=evening, on=date(2026, 4, 3), **given) == 1
