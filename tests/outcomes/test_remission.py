"""The facts of the yearly measures, and the measures by a second path: SQL alone against the rule in Python."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection

from outcomes.queries.remission import courses, due_of, people
from outcomes.rules.remission import FAILED, HIT, Coded, Scored, Standing, Yearly
from outcomes.rules.remission_measures import YEARLY, population, reach, years_now
from tests.factories.caseload import ContactFactory, TimeEntryFactory, UntimedEntryFactory
from tests.factories.registry import (
    AssessmentFactory,
    DiagnosisFactory,
    EpisodeFactory,
    InitiatingVisitFactory,
    PatientFactory,
    TreatingClinicianFactory,
    system_seat,
)
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory

INDEX = date(2025, 3, 10)
TODAY = date(2026, 3, 12)
LATER = date(2026, 9, 1)
REACH = reach([2026, 2027])

# One statement that knows nothing of the rule: what each patient's first high score is, and what came of it.
SECOND = """
WITH codes AS (
  SELECT e.patient_id, d.code, d.from_on, d.confirmed_on IS NOT NULL AS is_confirmed,
         d.code ~ '^(F32\\.[0-59]|F33|F34\\.1)' AS is_depression,
         d.code ~ '^(F3[01]|F34\\.0|F60\\.[34]|F2[0-589]|F84|Z51\\.5)' AS is_out
    FROM registry_diagnosis d JOIN registry_episode e ON e.id = d.episode_id AND e.voided_at IS NULL
   WHERE d.voided_at IS NULL
), visits AS (
  SELECT patient_id, "on" FROM caseload_contact WHERE voided_at IS NULL AND activity = 'treatment'
   UNION SELECT t.patient_id, coalesce(t."on", date(lower(t.span) AT TIME ZONE c.time_zone))
    FROM caseload_timeentry t JOIN registry_episode e ON e.id = t.episode_id
    JOIN tenancy_clinic c ON c.id = e.clinic_id
   WHERE t.voided_at IS NULL AND t.activity = 'treatment'
   UNION SELECT patient_id, "on" FROM registry_initiatingvisit WHERE voided_at IS NULL
), scores AS (
  SELECT patient_id, "on", total, row_number() OVER (PARTITION BY patient_id ORDER BY "on", recorded_at, id) AS nth
    FROM registry_assessment
   WHERE voided_at IS NULL AND total IS NOT NULL AND NOT is_prorated AND instrument IN ('phq9', 'phqa')
), near AS (
  SELECT s.*, bool_or(c.is_confirmed) AS is_confirmed
    FROM scores s JOIN visits v ON v.patient_id = s.patient_id
    JOIN codes c ON c.patient_id = s.patient_id AND c.is_depression AND coalesce(c.from_on, '-infinity') <= v."on"
   WHERE s.total >= 10 AND s."on" - v."on" BETWEEN -%(before)s AND %(after)s
     AND CASE WHEN %(by_visit)s THEN v."on" ELSE s."on" END BETWEEN %(first)s AND %(last)s
   GROUP BY s.patient_id, s."on", s.total, s.nth
), confirmed AS (
  SELECT DISTINCT ON (patient_id) * FROM near WHERE is_confirmed ORDER BY patient_id, nth
), any_first AS (
  SELECT DISTINCT ON (patient_id) * FROM near ORDER BY patient_id, nth
), firsts AS (
  SELECT * FROM confirmed UNION ALL
  SELECT * FROM any_first a WHERE NOT EXISTS (SELECT FROM confirmed c WHERE c.patient_id = a.patient_id)
), windows AS (
  SELECT f.*, p.birth_date, p.died_on,
         CASE WHEN %(by_visit)s THEN date(f."on" + interval '1 year') - 60 ELSE f."on" + 120 END AS opens,
         CASE WHEN %(by_visit)s THEN date(f."on" + interval '1 year') + 60 ELSE f."on" + 240 END AS closes
    FROM firsts f JOIN registry_patient p ON p.id = f.patient_id AND p.voided_at IS NULL
   WHERE extract(year FROM age(f."on", p.birth_date)) >= 12
), lasts AS (
  SELECT DISTINCT ON (w.patient_id) w.patient_id, s.total AS last
    FROM windows w JOIN scores s ON s.patient_id = w.patient_id AND s."on" BETWEEN w.opens AND w.closes
   ORDER BY w.patient_id, s.nth DESC
)
SELECT w.patient_id, w."on", w.total, l.last,
       CASE WHEN coalesce(w.died_on <= w.closes, false) OR EXISTS (
                   SELECT FROM codes c WHERE c.patient_id = w.patient_id AND c.is_out AND c.is_confirmed
                      AND coalesce(c.from_on <= w.closes, true)) THEN 'out'
            WHEN NOT w.is_confirmed THEN 'unconfirmed'
            WHEN coalesce({meets}, false) THEN 'met'
            WHEN w.closes < %(today)s THEN 'failed' ELSE 'open' END
  FROM windows w LEFT JOIN lasts l ON l.patient_id = w.patient_id
"""
MEETS = {
    "cms159": "l.last < 5",
    "drre_followup": "l.last >= 0",
    "drre_remission": "l.last < 5",
    "drre_response": "l.last * 2 <= w.total",
}
CODES = ("F33.1", "F32.1", "F33.0", "F34.1", "F32.A", "F41.1", "F31.9", "F34.0", "F84.0", "Z51.5", "F25.0", "F32.81")
WEIGHTS = (30, 30, 20, 20, 4, 4, 5, 5, 5, 5, 5, 2)
# Days on which a measure turns, from the first score on, and their neighbors.
TURNS = [day + near for day in (0, 7, 15, 120, 240, 305, 365, 425) for near in (-1, 0, 1)]
# Days near which first scores and visits turn.
EDGES = (
    date(2024, 11, 1),
    date(2025, 3, 10),
    date(2025, 5, 1),
    date(2025, 10, 31),
    date(2024, 2, 29),
    date(2025, 1, 11),
)


@pytest.fixture
def patient(in_tenant: Any) -> Any:
    """`patient(…)`: enrolled, with depression that was confirmed."""

    def make(code: str = "F33.1", **columns: Any) -> Any:
        episode = EpisodeFactory(organization=in_tenant, **columns)
        by = TreatingClinicianFactory(organization=in_tenant)
        DiagnosisFactory(organization=in_tenant, episode=episode, code=code, confirmed_on=INDEX, confirmed_by=by)
        return episode

    return make


def score(episode: Any, on: date, total: int | None = 16, **columns: Any) -> None:
    AssessmentFactory(organization=episode.organization, episode=episode, on=on, total=total, **columns)


def of_all(organization: Any, **narrowed: Any) -> Any:
    return courses(organization.id, REACH, **narrowed)


def test_what_is_known_of_a_patient(in_tenant: Any, patient: Any) -> None:
    episode = patient(patient__clinic__time_zone="America/Chicago")
    score(episode, INDEX, 16)
    score(episode, INDEX, 12, recorded_at=NOW + timedelta(hours=1), instrument="phqa")
    score(episode, INDEX - timedelta(days=1), 8)
    for unseen in ({"instrument": "gad7"}, {"total": None, "item9": 1}, {"voided_at": NOW}, {"is_prorated": True}):
        voided = {"voided_by": system_seat(in_tenant), "void_reason": "wrong"} if "voided_at" in unseen else {}
        score(episode, INDEX, **{**unseen, **voided})
    by = MembershipFactory(organization=in_tenant)
    of = {"organization": in_tenant, "episode": episode, "by": by}
    ContactFactory(**of, on=date(2025, 4, 1))
    ContactFactory(**of, on=date(2025, 4, 2), activity="no_show")
    TimeEntryFactory(**of, starts_at=datetime(2025, 4, 4, 3, 30, tzinfo=UTC))
    UntimedEntryFactory(**of, on=date(2025, 4, 5))
    UntimedEntryFactory(**of, on=date(2025, 4, 6), activity="coordination")
    InitiatingVisitFactory(organization=in_tenant, patient=episode.patient, on=INDEX)
    (found,) = of_all(in_tenant)
    assert found.codes == (Coded("F33.1", None, is_confirmed=True),)
    assert found.scores == (Scored(INDEX - timedelta(days=1), 8), Scored(INDEX, 16), Scored(INDEX, 12))
    assert found.met_on == (INDEX, date(2025, 4, 1), date(2025, 4, 3), date(2025, 4, 5))
    assert (found.patient_id, found.clinic_id) == (episode.patient_id, episode.clinic_id)


def test_who_can_be_in_none_is_not_read(in_tenant: Any, patient: Any) -> None:
    for code, total in (("F41.1", 16), ("F32.A", 16), ("F33.1", 9)):
        episode = patient(code)
        score(episode, INDEX, total)
        InitiatingVisitFactory(organization=in_tenant, patient=episode.patient, on=INDEX)
    unseen = patient()
    score(unseen, INDEX)
    assert of_all(in_tenant) == []


def test_a_patient_is_of_the_latest_episode(in_tenant: Any, patient: Any, membership: Any) -> None:
    one, other = membership("care_manager"), membership("care_manager")
    first = patient(care_manager=one, enrolled_on=INDEX, ended_on=TODAY, end_reason="graduated", status="discharged")
    later = EpisodeFactory(
        organization=in_tenant,
        patient=first.patient,
        clinic=ClinicFactory(organization=in_tenant),
        care_manager=other,
        enrolled_on=TODAY,
    )
    score(first, INDEX)
    InitiatingVisitFactory(organization=in_tenant, patient=first.patient, on=INDEX)
    assert [row.clinic_id for row in of_all(in_tenant, care_manager_id=other.id)] == [later.clinic_id]
    assert of_all(in_tenant, care_manager_id=one.id) == []
    assert of_all(in_tenant, clinic_id=first.clinic_id) == []
    assert len(of_all(in_tenant, clinic_id=later.clinic_id)) == 1


def test_what_is_due_of_a_caseload(in_tenant: Any, patient: Any, membership: Any) -> None:
    seat = membership("care_manager")
    for carried in (seat, seat, None):
        episode = patient(care_manager=carried)
        score(episode, INDEX)
        InitiatingVisitFactory(organization=in_tenant, patient=episode.patient, on=INDEX)
    found = due_of(in_tenant.id, seat.id, TODAY)
    assert [(due.one.key, due.year, len(due.patients)) for due in found] == [("cms159", 2026, 2)]


def test_names_of_nobody_ask_nothing(in_tenant: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert people(in_tenant.id, []) == {}


def drawn(organization: Any, seed: int, count: int) -> None:
    """Patients whose scores, visits, diagnoses, births and deaths lie near the days on which the measures turn."""
    random, charted = Random(seed), Random(seed + 1)
    clinics = [ClinicFactory(organization=organization, time_zone=zone) for zone in ("America/Chicago", "Asia/Tokyo")]
    clinician, by = TreatingClinicianFactory(organization=organization), MembershipFactory(organization=organization)
    for _ in range(count):
        index = random.choice(EDGES) + timedelta(days=random.randint(-17, 17))
        born = date(index.year - random.choice((12, 12, 40)), index.month, min(index.day, 28))
        died = index + timedelta(days=random.choice(TURNS)) if random.random() < 0.1 else None
        patient = PatientFactory(
            organization=organization,
            clinic=random.choice(clinics),
            birth_date=born + timedelta(days=random.choice((-1, 0, 1))),
            died_on=died,
        )
        episode = EpisodeFactory(organization=organization, patient=patient, enrolled_on=index)
        of = {"organization": organization, "episode": episode}
        for code in dict.fromkeys(random.choices(CODES, WEIGHTS, k=random.choice((1, 1, 2, 3)))):
            is_confirmed = random.random() < 0.75
            DiagnosisFactory(
                **of,
                code=code,
                from_on=random.choice((None, None, index, index + timedelta(days=random.choice(TURNS)))),
                confirmed_on=index if is_confirmed else None,
                confirmed_by=clinician if is_confirmed else None,
            )
        first = random.choice((9, 10, 11, 12, 18))
        # Nobody records what is yet to come.
        for day in (0, *(day for day in random.sample(TURNS, 4) if index + timedelta(days=day) <= LATER)):
            score(
                episode,
                index + timedelta(days=day),
                random.choice((4, 5, first // 2, first // 2 + 1, 9, 10)) if day else first,
                instrument=random.choice(("phq9", "phq9", "phq9", "phqa", "gad7")),
                recorded_at=NOW + timedelta(minutes=random.randint(0, 600)),
                is_prorated=charted.random() < 0.05,
            )
        for _ in range(random.choice((1, 1, 2))):
            visit = index + timedelta(days=random.choice((-16, -15, -1, -1, 0, 0, 0, 1, 7, 7, 8, 15, 16)))
            kind = random.choice(("contact", "contact", "timed", "visit", "no_show"))
            if kind == "visit":
                InitiatingVisitFactory(organization=organization, patient=patient, on=visit)
            elif kind == "timed":
                starts_at = datetime(visit.year, visit.month, visit.day, random.choice((2, 17)), tzinfo=UTC)
                somebody = MembershipFactory(organization=organization)
                TimeEntryFactory(**of, by=somebody, starts_at=starts_at)
            else:
                ContactFactory(**of, by=by, on=visit, activity="treatment" if kind == "contact" else kind)


def by_python(organization: Any, one: Yearly, year: int) -> dict[Any, tuple[Any, ...]]:
    words = {
        Standing.LEFT_OUT: "out",
        Standing.UNCONFIRMED: "unconfirmed",
        **dict.fromkeys(HIT, "met"),
        **dict.fromkeys(FAILED, "failed"),
    }
    rows = population(one, courses(organization.id, reach([2025, 2026, 2027])), year, LATER)
    return {
        row.course.patient_id: (
            row.index.on,
            row.index.total,
            row.last.total if row.last else None,
            words.get(row.standing, "open"),
        )
        for row in rows
    }


def by_sql(one: Yearly, year: int) -> dict[Any, tuple[Any, ...]]:
    first, last = one.identified(year)
    params = {
        "first": first,
        "last": last,
        "today": LATER,
        "by_visit": one.key == "cms159",
        "before": 7 if one.key == "cms159" else 15,
        "after": 0 if one.key == "cms159" else 15,
    }
    with connection.cursor() as cursor:
        cursor.execute(SECOND.format(meets=MEETS[one.key]), params)
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


@pytest.mark.parametrize("seed", [1, 2])
def test_two_paths_agree_on_every_patient_of_a_random_population(in_tenant: Any, seed: int) -> None:
    drawn(in_tenant, seed, 120)
    seen: Counter[str] = Counter()
    for one in YEARLY:
        for year in (2025, *years_now(LATER)):
            found = by_python(in_tenant, one, year)
            assert found == by_sql(one, year)
            seen.update(row[-1] for row in found.values())
    assert set(seen) == {"met", "failed", "open", "out", "unconfirmed"}
