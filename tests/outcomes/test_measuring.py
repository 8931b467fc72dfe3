"""Months measured again and again, frozen, and measured once more as a further edition."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.registry import Run, handler_of, periodic_kinds
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as
from billing.operations.merging import merge_patients, undo_merge
from outcomes.models import MeasuredAdvice, MeasuredEpisode, MeasuredMonth, MeasuredReferral
from outcomes.operations.measuring import (
    MonthFrozen,
    MonthNotFrozen,
    MonthNotOver,
    ReasonMissing,
    freeze_month,
    further_edition,
    measure_month,
    measure_months,
)
from outcomes.queries.measured import earliest_day, editions, fingerprint_of, measured_month, measured_months
from outcomes.queries.measuring import gathered
from tests.factories.caseload import CaseReviewFactory, ContactFactory, RecommendationFactory
from tests.factories.going_live import SeatClinicFactory
from tests.factories.outcomes import OutcomeSettingsFactory, PayerClassedFactory
from tests.factories.program import ReferralFactory
from tests.factories.registry import AssessmentFactory, CoverageFactory, PatientFactory, PayerFactory, system_seat
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory
from tests.outcomes.months_measured import MARCH, enrolled, measured, row_of

TABLES = (MeasuredEpisode, MeasuredReferral, MeasuredAdvice)
DUE = date(2026, 4, 15)
AT = datetime(2026, 4, 15, 9, 0, tzinfo=UTC)


def frozen(organization: Any, month: date = MARCH, today: date = DUE) -> Any:
    return freeze_month(organization_id=organization.id, month=month, by=system_seat(organization), at=AT, today=today)


def night(organization: Any, today: date, at: datetime = AT) -> list[date]:
    return measure_months(organization_id=organization.id, by=system_seat(organization), at=at, today=today)


def stored(head: Any) -> list[list[dict[str, Any]]]:
    """All rows of an edition, without what identifies the row itself."""
    beside = {"id", "measured_id"}
    return [
        [
            {key: value for key, value in row.items() if key not in beside}
            for row in table.objects.filter(measured=head).order_by("patient_id", "id").values()
        ]
        for table in TABLES
    ]


@pytest.fixture
def someone(in_tenant: Any, clinic: Any) -> Any:
    """An episode with a contact, a score and a recommendation; its patient was referred in January."""
    episode = enrolled(in_tenant, clinic, date(2026, 1, 20))
    ContactFactory(organization=in_tenant, episode=episode, on=MARCH)
    AssessmentFactory(organization=in_tenant, episode=episode, on=date(2026, 1, 20))
    ReferralFactory(
        organization=in_tenant, patient=episode.patient, referred_on=date(2026, 1, 19), outcome="enrolled",
        state="ended", ended_on=date(2026, 1, 20), episode=episode,
    )  # fmt: skip
    review = CaseReviewFactory(organization=in_tenant, episode=episode, on=MARCH)
    RecommendationFactory(
        organization=in_tenant, review=review, kind="medication", text="50 mg", state="sent", due_on=MARCH
    )
    return episode


# Measuring


def test_measured_twice_says_the_same(in_tenant: Any, someone: Any) -> None:
    first = stored(measured(in_tenant))
    again = measured(in_tenant)
    assert stored(again) == first
    assert [len(rows) for rows in first] == [1, 1, 1]
    assert MeasuredMonth.objects.count() == 1
    assert [len(rows) for rows in gathered(in_tenant.id, MARCH).values()] == [1, 1, 1]


def test_an_open_month_follows_the_records(in_tenant: Any, someone: Any) -> None:
    assert row_of(someone).contacts == 1
    ContactFactory(organization=in_tenant, episode=someone, on=date(2026, 3, 2))
    assert row_of(someone).contacts == 2


def test_an_organization_without_patients_has_an_empty_month(in_tenant: Any) -> None:
    head = measured(in_tenant)
    assert stored(head) == [[], [], []]
    assert frozen(in_tenant).fingerprint == fingerprint_of(in_tenant.id, head.id)


def test_as_many_statements_for_many_as_for_one(in_tenant: Any, clinic: Any, someone: Any) -> None:
    counts = []
    for more in (0, 6):
        for _ in range(more):
            payer = PayerFactory(organization=in_tenant)
            CoverageFactory(organization=in_tenant, patient=enrolled(in_tenant, clinic).patient, payer=payer)
        measured(in_tenant)
        with CaptureQueriesContext(connection) as asked:
            measured(in_tenant)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 20


def test_another_tenants_month_is_its_own(in_tenant: Any, someone: Any, other_organization: Any) -> None:
    with tenant(other_organization):
        theirs = enrolled(other_organization, ClinicFactory(organization=other_organization))
        assert row_of(theirs).contacts == 0
    assert row_of(someone).contacts == 1
    assert MeasuredEpisode.objects.count() == 1
    with tenant(other_organization):
        assert MeasuredEpisode.objects.get().episode_id == theirs.id


def test_what_a_seat_may_see_does_not_change_what_is_stored(
    in_tenant: Any, clinic: Any, someone: Any, membership: Callable[..., Any], now: datetime
) -> None:
    north = ClinicFactory(organization=in_tenant, name="North")
    hidden = enrolled(in_tenant, north)
    seat = membership("clinic_lead")
    SeatClinicFactory(organization=in_tenant, seat=seat, clinic=clinic)
    with looking_as(seat, now):
        measure_month(organization_id=in_tenant.id, month=MARCH, by=seat, at=now)
        assert set(MeasuredEpisode.objects.values_list("episode_id", flat=True)) == {someone.id}
    assert set(MeasuredEpisode.objects.values_list("episode_id", flat=True)) == {someone.id, hidden.id}


def test_a_payers_class_as_somebody_said(in_tenant: Any, someone: Any) -> None:
    payer = PayerFactory(organization=in_tenant, name="Aetna")
    CoverageFactory(organization=in_tenant, patient=someone.patient, payer=payer)
    assert row_of(someone).payer_class == "commercial"
    PayerClassedFactory(organization=in_tenant, payer=payer, payer_class="other")
    assert row_of(someone).payer_class == "other"


# Freezing


def test_a_month_is_frozen_from_its_day_on(in_tenant: Any, someone: Any) -> None:
    with pytest.raises(MonthNotOver, match=r"from April 15, 2026"):
        frozen(in_tenant, today=date(2026, 4, 14))
    head = frozen(in_tenant)
    assert (head.edition, head.frozen_at, head.frozen_by) == (1, AT, system_seat(in_tenant))
    assert head.fingerprint == fingerprint_of(in_tenant.id, head.id)
    assert len(head.fingerprint) == 64


def test_the_day_is_the_organizations_own(in_tenant: Any) -> None:
    OutcomeSettingsFactory(organization=in_tenant, freeze_day=20)
    with pytest.raises(MonthNotOver, match=r"from April 20, 2026"):
        frozen(in_tenant, today=date(2026, 4, 19))
    assert frozen(in_tenant, today=date(2026, 4, 20)).frozen_at == AT


def test_freezing_takes_the_records_as_they_are_then(in_tenant: Any, someone: Any) -> None:
    measured(in_tenant)
    ContactFactory(organization=in_tenant, episode=someone, on=date(2026, 3, 2))
    head = frozen(in_tenant)
    assert MeasuredEpisode.objects.get(measured=head).contacts == 2


def test_a_frozen_month_is_neither_measured_nor_frozen_again(in_tenant: Any, someone: Any) -> None:
    before = stored(frozen(in_tenant))
    ContactFactory(organization=in_tenant, episode=someone, on=date(2026, 3, 2))
    for again in (measured, frozen):
        with pytest.raises(MonthFrozen):
            again(in_tenant)
    assert stored(measured_month(in_tenant.id, MARCH)) == before


STATEMENTS = {
    "head changed": "UPDATE outcomes_measuredmonth SET because = 'x'",
    "head thawed": "UPDATE outcomes_measuredmonth SET frozen_at = NULL, frozen_by_id = NULL, fingerprint = ''",
    "head gone": "DELETE FROM outcomes_measuredmonth",
    "row changed": "UPDATE outcomes_measuredepisode SET contacts = 99",
    "row gone": "DELETE FROM outcomes_measuredepisode",
    "referral changed": "UPDATE outcomes_measuredreferral SET excluded = 'died'",
    "referral gone": "DELETE FROM outcomes_measuredreferral",
    "advice changed": "UPDATE outcomes_measuredadvice SET kind = 'safety'",
    "advice gone": "DELETE FROM outcomes_measuredadvice",
}


@pytest.mark.parametrize("sql", STATEMENTS.values(), ids=STATEMENTS)
def test_postgres_refuses_to_change_a_frozen_month(in_tenant: Any, someone: Any, sql: str) -> None:
    frozen(in_tenant)
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert refused.value.__cause__.sqlstate == "BHI03"  # type: ignore[union-attr]


def test_no_row_is_put_into_a_frozen_month(in_tenant: Any, someone: Any) -> None:
    head = frozen(in_tenant)
    other = measured(in_tenant, date(2026, 2, 1))
    row = MeasuredEpisode.objects.get(measured=other)
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        MeasuredEpisode.objects.filter(id=row.id).update(measured=head)
    assert refused.value.__cause__.sqlstate in ("BHI03", "23505")  # type: ignore[union-attr]
    row.pk, row.measured, row.episode = None, head, enrolled(in_tenant, someone.clinic)
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        row.save(force_insert=True)
    assert refused.value.__cause__.sqlstate == "BHI03"  # type: ignore[union-attr]


def test_a_row_is_not_moved_into_a_frozen_month(in_tenant: Any, clinic: Any, someone: Any) -> None:
    head = frozen(in_tenant)
    late = enrolled(in_tenant, clinic, date(2026, 4, 2))
    row = row_of(late, date(2026, 4, 1))
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        MeasuredEpisode.objects.filter(id=row.id).update(measured=head)
    assert refused.value.__cause__.sqlstate == "BHI03"  # type: ignore[union-attr]


def test_records_put_together_take_their_frozen_rows_along(in_tenant: Any, clinic: Any, someone: Any) -> None:
    head = frozen(in_tenant)
    kept = PatientFactory(organization=in_tenant, clinic=clinic)
    by = system_seat(in_tenant)
    merged_id = someone.patient_id
    merge = merge_patients(by=by, at=AT, kept_id=kept.id, merged_id=merged_id)
    assert [table.objects.get(measured=head).patient_id for table in TABLES] == [kept.id] * 3
    assert fingerprint_of(in_tenant.id, head.id) == head.fingerprint
    undo_merge(by=by, at=AT, merge_id=merge.id)
    assert [table.objects.get(measured=head).patient_id for table in TABLES] == [merged_id] * 3


def test_an_open_month_of_a_merged_record_is_one_patients(in_tenant: Any, clinic: Any, someone: Any) -> None:
    kept = PatientFactory(organization=in_tenant, clinic=clinic)
    AssessmentFactory(organization=in_tenant, patient=kept, episode=None, on=date(2026, 3, 9), total=4)
    merge_patients(by=system_seat(in_tenant), at=AT, kept_id=kept.id, merged_id=someone.patient_id)
    row = row_of(someone)
    assert (row.patient_id, row.latest) == (kept.id, 4)


# Further editions


def test_a_further_edition_leaves_the_first_as_it_was(in_tenant: Any, someone: Any) -> None:
    first = frozen(in_tenant)
    before = stored(first)
    ContactFactory(organization=in_tenant, episode=someone, on=date(2026, 3, 2))
    seat = MembershipFactory(organization=in_tenant, roles=["clinic_lead"])
    again = further_edition(organization_id=in_tenant.id, month=MARCH, because=" A note was late. ", by=seat, at=AT)
    assert (again.edition, again.because, again.frozen_at) == (2, "A note was late.", None)
    assert stored(first) == before
    assert MeasuredEpisode.objects.get(measured=again).contacts == 2
    assert measured_months(in_tenant.id, [MARCH]) == {MARCH: again}
    assert [row.edition for row in editions(in_tenant.id, MARCH)] == [2, 1]
    last = frozen(in_tenant)
    assert (last.id, last.fingerprint != first.fingerprint) == (again.id, True)


def test_a_further_edition_says_why_and_only_of_a_frozen_month(in_tenant: Any) -> None:
    asked: dict[str, Any] = {"organization_id": in_tenant.id, "month": MARCH, "by": system_seat(in_tenant), "at": AT}
    with pytest.raises(ReasonMissing):
        further_edition(because=" ", **asked)
    with pytest.raises(MonthNotFrozen):
        further_edition(because="Late.", **asked)
    measured(in_tenant)
    with pytest.raises(MonthNotFrozen):
        further_edition(because="Late.", **asked)


def test_each_act_is_in_the_audit(in_tenant: Any, someone: Any) -> None:
    measured(in_tenant)
    head = frozen(in_tenant)
    by = system_seat(in_tenant)
    again = further_edition(organization_id=in_tenant.id, month=MARCH, because="Late.", by=by, at=AT)
    told = AuditEvent.objects.filter(action__startswith="outcome_month.").order_by("id")
    assert list(told.values_list("action", "object_id", "count")) == [
        ("outcome_month.measured", head.id, 3),
        ("outcome_month.frozen", head.id, 3),
        ("outcome_month.measured_again", again.id, 3),
    ]


# Nights


def test_a_first_night_measures_back_to_the_first_patient_and_freezes_what_is_due(in_tenant: Any, someone: Any) -> None:
    months = [date(2026, 1, 1), date(2026, 2, 1), MARCH, date(2026, 4, 1)]
    assert night(in_tenant, date(2026, 4, 14)) == months
    heads = measured_months(in_tenant.id)
    assert [heads[month].frozen_at is not None for month in months] == [True, True, False, False]
    # The same night again, and the next one.
    assert night(in_tenant, date(2026, 4, 14)) == months[2:]
    assert night(in_tenant, DUE) == months[2:]
    assert measured_months(in_tenant.id)[MARCH].frozen_at == AT
    assert night(in_tenant, date(2026, 4, 16)) == months[3:]


def test_nights_that_were_missed_are_made_up_for(in_tenant: Any, someone: Any) -> None:
    night(in_tenant, date(2026, 3, 2))
    assert night(in_tenant, date(2026, 6, 16)) == [date(2026, month, 1) for month in (2, 3, 4, 5, 6)]
    heads = measured_months(in_tenant.id)
    assert [month.month for month, head in heads.items() if head.frozen_at is None] == [6]


def test_the_next_night_freezes_a_further_edition(in_tenant: Any) -> None:
    frozen(in_tenant)
    by = system_seat(in_tenant)
    again = further_edition(organization_id=in_tenant.id, month=MARCH, because="Late.", by=by, at=AT)
    night(in_tenant, date(2026, 4, 16))
    again.refresh_from_db()
    assert again.frozen_at == AT


def test_the_job_takes_the_earliest_day_of_the_clinics(in_tenant: Any, clinic: Any, someone: Any) -> None:
    """05:30 UTC on April 15 is the 14th in Honolulu: March is not frozen yet."""
    ClinicFactory(organization=in_tenant, time_zone="Pacific/Honolulu")
    at = datetime(2026, 4, 15, 5, 30, tzinfo=UTC)
    assert earliest_day(in_tenant.id, at) == date(2026, 4, 14)
    told: list[tuple[int, int]] = []
    system_seat(in_tenant)
    measure = handler_of("measure_months")
    for later in (timedelta(), timedelta(hours=12)):
        run = Run(in_tenant.id, in_tenant.id, {}, None, at + later, lambda done, total: told.append((done, total)))
        measure(run)
        is_frozen = measured_months(in_tenant.id)[MARCH].frozen_at is not None
        assert is_frozen == bool(later)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4), (1, 2), (2, 2)]


def test_it_is_queued_every_night() -> None:
    period = dict(periodic_kinds())["measure_months"]
    assert (period(NOW), period(NOW.replace(hour=7))) == ("2026-03-02", None)


def test_without_clinics_the_day_is_that_of_greenwich(in_tenant: Any) -> None:
    assert earliest_day(in_tenant.id, datetime(2026, 4, 15, 0, 30, tzinfo=UTC)) == date(2026, 4, 15)


# The operator's command


def test_an_operator_measures_months(organization: Any, clinic: Any) -> None:
    with tenant(organization):
        system_seat(organization)
        frozen(organization)
    said = StringIO()
    call_command("measure_months", "--org=lakeside", "--from=2026-03", "--until=2026-04", stdout=said)
    assert said.getvalue().splitlines() == ["2026-03: frozen, left as it is", "2026-04: measured"]
    with pytest.raises(CommandError, match="no organization"):
        call_command("measure_months", "--org=nowhere", "--from=2026-03", "--until=2026-03")
    with pytest.raises(CommandError, match="before the first"):
        call_command("measure_months", "--org=lakeside", "--from=2026-04", "--until=2026-03")
    with pytest.raises(CommandError, match="written like"):
        call_command("measure_months", "--org=lakeside", "--from=April", "--until=2026-03")
