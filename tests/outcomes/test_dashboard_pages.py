"""The dashboard, a measure's page and the patients behind it, as they are opened by each who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.jobs.registry import Run
from bhi.tenancy.context import tenant
from outcomes import tasks
from outcomes.models import MeasuredEpisode, MeasuredMonth
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.outcomes import (
    MeasuredAdviceFactory,
    MeasuredEpisodeFactory,
    MeasuredMonthFactory,
    MeasuredReferralFactory,
)
from tests.factories.registry import EpisodeFactory, PayerFactory, SystemMembershipFactory
from tests.factories.tenancy import NOW, ClinicFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now", "in_tenant")
BASE = "/o/lakeside/outcomes/"
PATIENTS = f"{BASE}measures/contact_rate/patients/"
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
MOST_OWN = 8


@pytest.fixture
def months(organization: Any) -> dict[date, Any]:
    """January to March 2026, of which March still runs."""
    return {
        month: MeasuredMonthFactory(organization=organization, month=month, measured_at=NOW)
        for month in (JANUARY, FEBRUARY, MARCH)
    }


def somebody(head: Any, clinic: Any, family: str = "", **columns: Any) -> MeasuredEpisode:
    named = {"patient__family_name": family, "patient__given_name": "Jo"} if family else {}
    episode = EpisodeFactory(organization=head.organization, patient__clinic=clinic, **named)
    return MeasuredEpisodeFactory(
        organization=head.organization, measured=head, episode=episode, patient=episode.patient, **columns
    )


def words(page: Any) -> str:
    """What is on the page, as one line of words."""
    content = re.sub(r"<(script|style|svg|dialog|option).*?</\1>", " ", page.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def tile(page: Any, title: str) -> str:
    """The words of the tile with this title, without its table."""
    articles = re.findall(r"<article.*?</article>", page.content.decode(), flags=re.DOTALL)
    plain = [" ".join(re.sub(r"<details.*?</details>|<[^>]+>", " ", one, flags=re.DOTALL).split()) for one in articles]
    return next(one for one in plain if one.startswith(title))


def enrolled(page: Any) -> str:
    """The figure of the first tile."""
    return re.findall(r'<p class="measure-figure">([^<]+)', page.content.decode())[0].strip()


def names(page: Any) -> list[str]:
    return re.findall(r'class="row-link" href="[^"]+">([^<]+)<', page.content.decode())


def statements(client: Any, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    # How a statement joins is set for it alone, as the tenant is.
    return len([sql for sql in own(queries) if not sql.startswith("SET LOCAL")])


def test_the_dashboard_is_of_the_last_month_that_is_over(client_for: Any, months: Any, clinic: Any) -> None:
    for contacts in (1, 1, 1, 0):
        somebody(months[FEBRUARY], clinic, contacts=contacts, scales=contacts)
    somebody(months[JANUARY], clinic, contacts=1, scales=1)
    page = client_for("clinic_lead").get(BASE)
    assert tile(page, "Contact and score in the month") == (
        "Contact and score in the month 75.0 % 3 of 4 Below target target 80 % Nov n/a Dec n/a Jan 100.0 % Feb ’25 n/a"
    )
    assert "February 2026 as of Mar 2, 11:00 am. It is measured every night until it is frozen" in words(page)
    assert AuditEvent.objects.filter(action="outcomes.viewed").count() == 1


def test_a_month_that_runs_says_so_and_misses_no_target_yet(client_for: Any, months: Any, clinic: Any) -> None:
    somebody(months[MARCH], clinic)
    page = client_for("clinic_lead").get(f"{BASE}?month=2026-03")
    assert "Not yet on target target 80 %" in tile(page, "Contact and score in the month")
    assert "March 2026 so far, as of Mar 2, 11:00 am. The month still runs." in words(page)
    assert re.findall(r"<option[^>]*>(\w+ 2026[^<]*)</option>", page.content.decode())[:3] == [
        *("March 2026, so far", "February 2026", "January 2026")
    ]


def test_a_frozen_month_says_when_and_why_there_is_another_edition(client_for: Any, organization: Any) -> None:
    seat = SystemMembershipFactory(organization=organization)
    of = {"organization": organization, "month": JANUARY, "frozen_by": seat, "fingerprint": "ab" * 32}
    MeasuredMonthFactory(**of, frozen_at=NOW - timedelta(days=10))
    MeasuredMonthFactory(**of, frozen_at=NOW, edition=2, because="a clinic's notes came late")
    page = words(client_for("clinic_lead").get(BASE))
    said = "January 2026 was frozen on Mar 2 and stays as it is: edition 2, measured again because a clinic's notes"
    assert said in page
    assert "Measure now" not in page


@pytest.mark.parametrize(
    "query", ["month=2031-01", "month=x", "clinic=1", f"payer={UUID(int=7)}", "program=x", "cohort=0"]
)
def test_a_filter_that_makes_no_sense_shows_everybody(client_for: Any, months: Any, clinic: Any, query: str) -> None:
    somebody(months[FEBRUARY], clinic)
    assert enrolled(client_for("clinic_lead").get(f"{BASE}?{query}")) == "1"


def test_filters_narrow_and_go_with_every_link(client_for: Any, months: Any, organization: Any, clinic: Any) -> None:
    payer = PayerFactory(organization=organization)
    somebody(months[FEBRUARY], clinic, payer=payer, program="bhi")
    somebody(months[FEBRUARY], clinic, payer=payer)
    somebody(months[FEBRUARY], clinic)
    page = client_for("clinic_lead").get(f"{BASE}?month=2026-02&payer={payer.id}&program=bhi&clinic={clinic.id}")
    assert enrolled(page) == "1"
    link = unescape(re.findall(r'href="([^"]+/measures/enrolled/[^"]*)"', page.content.decode())[0])
    assert parse_qs(urlsplit(link).query) == {
        "month": ["2026-02"],
        "clinic": [str(clinic.id)],
        "payer": [str(payer.id)],
        "program": ["bhi"],
    }


def test_money_is_for_who_may_see_it_on_every_page(client_for: Any, months: Any, monkeypatch: Any) -> None:
    lead = client_for("clinic_lead")
    paths = (BASE, f"{BASE}measures/", f"{BASE}measures/paid_mean/", f"{BASE}measures/paid_mean/patients/")
    assert ["Paid per enrolled patient" in words(lead.get(path)) for path in paths] == [True] * 4
    manager = client_for("care_manager")
    assert "Paid per enrolled" not in words(manager.get(f"{BASE}mine/"))
    for path in (f"{BASE}mine/paid_mean/", f"{BASE}measures/paid_mean/patients/"):
        assert manager.get(path).status_code == 404


def test_nothing_is_measured_yet_and_now_it_is(client_for: Any, organization: Any, clinic: Any) -> None:
    SystemMembershipFactory(organization=organization)
    EpisodeFactory(organization=organization, patient__clinic=clinic, enrolled_on=JANUARY)
    lead = client_for("clinic_lead")
    assert "Nothing is measured yet Tonight the months" in words(lead.get(BASE))
    assert "Nothing is measured yet" in words(lead.get(f"{BASE}measures/improvement/"))
    assert "Measure now" not in words(client_for("care_manager").get(f"{BASE}mine/"))
    answer = lead.post(f"{BASE}measuring/")
    lead.post(f"{BASE}measuring/")
    job = Job.objects.get(kind="measure_months")
    assert answer["Location"] == f"{BASE}measuring/{job.id}/"
    assert "Waiting to start" in words(lead.get(answer["Location"]))
    assert client_for("clinic_lead").get(answer["Location"]).status_code == 404
    tasks.measure(Run(job.id, organization.id, job.arguments, job.owner_id, NOW, lambda done, total: None))
    assert [head.month for head in MeasuredMonth.objects.order_by("month")] == [JANUARY, FEBRUARY, MARCH]
    assert tile(lead.get(BASE), "Enrolled patients") == "Enrolled patients 1 Nov n/a Dec n/a Jan 1 Feb ’25 n/a"


def test_the_progress_of_another_job_is_not_there(client_for: Any, organization: Any) -> None:
    lead = client_for("clinic_lead")
    job = Job.objects.create(
        organization=organization, kind="other", key="x", owner=lead.membership, queued_at=NOW, run_after=NOW
    )
    assert lead.get(f"{BASE}measuring/{job.id}/").status_code == 404


def test_all_measures_stand_in_one_list(client_for: Any, months: Any, clinic: Any) -> None:
    somebody(months[FEBRUARY], clinic)
    somebody(months[JANUARY], clinic, contacts=1, scales=1)
    page = words(client_for("clinic_lead").get(f"{BASE}measures/"))
    assert "Contact and score in the month 0.0 % 0 of 1 80 % · below target 100.0 % n/a" in page
    assert "New York State’s eight" in page


def test_a_measure_explains_itself(client_for: Any, months: Any, clinic: Any) -> None:
    elevated = {"baseline": 18, "is_elevated": True, "improved_at": 9, "enrolled_on": date(2025, 10, 1)}
    somebody(months[FEBRUARY], clinic, **elevated, latest=8)
    somebody(months[FEBRUARY], clinic, **elevated, latest=12)
    response = client_for("clinic_lead").get(f"{BASE}measures/improvement/")
    page = words(response)
    for part in (
        "February 2026 50.0 % 1 of 2 Target 60 % Below target",
        "Percent Target: 60 %",
        "Left out Enrolled for fewer than 70 days No baseline, or one that is not elevated",
        "Source: New York State OMH collaborative care metrics 2025, for patients of all payers.",
        "This definition holds from January 2025.",
        f"{clinic.name} 50.0 % 1 of 2 few Patients of {clinic.name}",
        "few: under 30",
    ):
        assert part in page
    assert response.content.decode().count("<title id=") == 2
    assert "style=" not in response.content.decode()


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("care_manager", "No care manager"),
        ("payer", "No coverage on record"),
        ("payer_class", "No coverage on record"),
        ("program", "Collaborative care"),
        ("language", "Language not known"),
        ("sex", "Female"),
        ("age_band", "25 to 44"),
        ("cohort", "January 2026"),
    ],
)
def test_a_measure_has_its_parts_by_each_grouping(
    client_for: Any, months: Any, clinic: Any, by: str, name: str
) -> None:
    somebody(months[FEBRUARY], clinic, contacts=1, enrolled_on=date(2026, 1, 20))
    page = words(client_for("clinic_lead").get(f"{BASE}measures/contact_rate/?by={by}"))
    assert f"{name} 100.0 % 1 of 1 few" in page


def test_an_unknown_measure_is_not_there(client_for: Any, months: Any) -> None:
    lead = client_for("clinic_lead")
    assert {lead.get(f"{BASE}measures/nothing/{rest}").status_code for rest in ("", "patients/")} == {404}


def test_the_patients_behind_a_number_are_told_apart_and_written_down(
    client_for: Any, months: Any, clinic: Any
) -> None:
    met = somebody(months[FEBRUARY], clinic, "Abara", contacts=2, scales=1)
    not_met = somebody(months[FEBRUARY], clinic, "Berg")
    lead = client_for("clinic_lead")
    page = lead.get(PATIENTS)
    assert (names(page), "2 contacts, 1 scale" in words(page)) == (["Abara, Jo"], True)
    assert f"/patients/{met.patient_id}/" in page.content.decode()
    assert AuditEvent.objects.get(action="outcomes.patients_viewed").shown == [met.patient_id]
    page = lead.get(f"{PATIENTS}?which=not_met")
    assert (names(page), "No clinical contact" in words(page)) == (["Berg, Jo"], True)
    assert AuditEvent.objects.filter(shown=[not_met.patient_id]).count() == 1
    assert "Nobody here" in words(lead.get(f"{PATIENTS}?which=excluded"))
    assert names(lead.get(f"{PATIENTS}?which=nonsense")) == ["Abara, Jo"]


def test_who_is_left_out_is_told_why(client_for: Any, months: Any, clinic: Any) -> None:
    somebody(months[FEBRUARY], clinic, "Abara", baseline=4, baseline_on=JANUARY, enrolled_on=date(2025, 10, 1))
    page = client_for("clinic_lead").get(f"{BASE}measures/improvement/patients/?which=excluded")
    assert (names(page), "The baseline of 4 is not elevated" in words(page)) == (["Abara, Jo"], True)


def test_of_what_is_no_share_there_are_those_counted_and_those_left_out(client_for: Any, months: Any) -> None:
    page = client_for("clinic_lead").get(f"{BASE}measures/treatment_weeks/patients/?which=not_met")
    found = re.findall(r'<nav class="tabs" aria-label="Which patients">.*?</nav>', page.content.decode(), re.DOTALL)
    assert re.findall(r">(\w[\w ]+)</a>", found[0]) == ["Counted", "Left out"]


def test_many_patients_are_cut_with_a_way_on(client_for: Any, months: Any, clinic: Any) -> None:
    for number in range(51):
        somebody(months[FEBRUARY], clinic, f"Name{number:02}", contacts=1)
    lead = client_for("clinic_lead")
    first = lead.get(PATIENTS)
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
    second = lead.get(unescape(following))
    assert (len(names(first)), names(second)) == (50, ["Name50, Jo"])
    assert "50 of 51" in words(first)
    assert "From the beginning" in words(second)
    assert lead.get(f"{PATIENTS}?after={uuid4()}").status_code == 404
    assert len(names(lead.get(f"{PATIENTS}?after=nonsense"))) == 50


def test_a_month_that_was_never_measured_has_no_patients(client_for: Any) -> None:
    assert client_for("clinic_lead").get(PATIENTS).status_code == 404


def test_an_admin_sees_counts_and_no_names(client_for: Any, months: Any, clinic: Any) -> None:
    somebody(months[FEBRUARY], clinic, "Abara", contacts=1)
    admin = client_for("admin")
    page = admin.get(f"{BASE}measures/contact_rate/")
    assert ("100.0 % 1 of 1" in words(page), "/patients/" in page.content.decode()) == (True, False)
    assert admin.get(PATIENTS).status_code == 403


def test_a_care_manager_sees_her_own_caseload_whatever_she_asks_for(client_for: Any, months: Any, clinic: Any) -> None:
    mine, other = client_for("care_manager"), client_for("care_manager")
    somebody(months[FEBRUARY], clinic, "Abara", contacts=1, care_manager=mine.membership)
    somebody(months[FEBRUARY], clinic, "Berg", contacts=1, care_manager=other.membership)
    somebody(months[FEBRUARY], clinic, "Castro", contacts=1)
    asked = f"?manager={other.membership.id}"
    assert enrolled(mine.get(f"{BASE}mine/{asked}")) == "1"
    assert "February 2026 100.0 % 1 of 1" in words(mine.get(f"{BASE}mine/contact_rate/{asked}"))
    page = mine.get(f"{PATIENTS}{asked}")
    assert (names(page), "1 of 1 · of your caseload" in words(page)) == (["Abara, Jo"], True)
    assert [mine.get(path).status_code for path in (BASE, f"{BASE}measures/", f"{BASE}measures/contact_rate/")] == [
        *(403, 403, 403)
    ]
    assert "Care manager" not in words(mine.get(f"{BASE}mine/contact_rate/"))


def test_a_seat_of_one_clinic_counts_those_whom_it_may_see_and_is_told(
    client_for: Any, months: Any, organization: Any, clinic: Any
) -> None:
    elsewhere = ClinicFactory(organization=organization, name="Elsewhere")
    somebody(months[FEBRUARY], clinic, "Abara", contacts=1)
    somebody(months[FEBRUARY], elsewhere, "Berg", contacts=1)
    lead = client_for("clinic_lead")
    SeatClinicFactory(organization=organization, seat=lead.membership, clinic=clinic)
    page = lead.get(BASE)
    assert enrolled(page) == "1"
    assert "Counted: the patients that you may see." in words(page)
    assert "Elsewhere" not in page.content.decode()
    page = lead.get(f"{PATIENTS}?clinic={elsewhere.id}")
    assert (names(page), "of those you may see" in words(page)) == (["Abara, Jo"], True)


def test_a_record_kept_to_others_is_not_behind_a_number(client_for: Any, months: Any, clinic: Any) -> None:
    hidden = somebody(months[FEBRUARY], clinic, "Abara", contacts=1)
    lead = client_for("clinic_lead")
    assert names(lead.get(PATIENTS)) == ["Abara, Jo"]
    RestrictionFactory(
        organization=hidden.organization, patient=hidden.patient, seats=[], recorded_by=client_for("admin").membership
    )
    page = lead.get(PATIENTS)
    assert (names(page), "n/a · nobody to count" in words(page)) == ([], True)


def test_a_program_leaves_numbers_of_referrals_as_they_are(client_for: Any, months: Any, clinic: Any) -> None:
    head = months[FEBRUARY]
    for enrolled in (True, False, False):
        columns = {"program": "cocm", "enrolled_on": date(2025, 12, 20)} if enrolled else {}
        MeasuredReferralFactory(
            organization=head.organization,
            measured=head,
            patient__clinic=clinic,
            referred_on=date(2025, 12, 8),
            **columns,
        )
    lead = client_for("clinic_lead")
    said = "33.3 % 1 of 3 of all programs"
    assert said in tile(lead.get(f"{BASE}?program=cocm"), "Referrals that become enrolments")
    page = lead.get(f"{BASE}measures/referred_enrolled/?program=cocm&by=program")
    assert said in words(page)
    tabs = re.findall(r'href="[^"]*by=(\w+)[^"]*#parts"', page.content.decode())
    assert tabs == [*("clinic", "care_manager", "payer", "payer_class", "language", "sex", "age_band", "cohort")]
    page = lead.get(f"{BASE}measures/referred_enrolled/patients/?program=cocm&which=not_met")
    assert (len(names(page)), "1 of 3 · of all programs" in words(page)) == (2, True)
    assert said in words(lead.get(f"{BASE}measures/?program=cocm"))


def test_another_organizations_clinic_and_payer_narrow_nothing(
    client_for: Any, months: Any, clinic: Any, other_organization: Any
) -> None:
    somebody(months[FEBRUARY], clinic, contacts=1)
    with tenant(other_organization):
        foreign = ClinicFactory(organization=other_organization)
    page = client_for("clinic_lead").get(f"{BASE}?clinic={foreign.id}")
    assert enrolled(page) == "1"


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("clinic_lead", BASE),
        ("clinic_lead", f"{BASE}measures/"),
        ("clinic_lead", f"{BASE}measures/caseload_per_fte/?by=care_manager"),
        ("clinic_lead", PATIENTS),
        ("clinic_lead", f"{BASE}measures/closed_14/patients/"),
        ("care_manager", f"{BASE}mine/"),
        ("care_manager", f"{BASE}mine/improvement/?by=cohort"),
        ("care_manager", PATIENTS),
    ],
)
def test_statements_are_few_and_constant(
    client_for: Callable[..., Any], months: Any, organization: Any, clinic: Any, role: str, path: str
) -> None:
    client = client_for(role)
    seat = {"care_manager": client.membership} if role == "care_manager" else {}
    somebody(months[FEBRUARY], clinic, contacts=1, **seat)
    one = statements(client, path)
    for number in range(4):
        somebody(months[FEBRUARY], clinic, contacts=number % 2, **seat)
        somebody(months[JANUARY], clinic, payer=PayerFactory(organization=organization))
        MeasuredReferralFactory(organization=organization, measured=months[FEBRUARY])
        MeasuredAdviceFactory(organization=organization, measured=months[FEBRUARY])
    assert statements(client, path) == one
    assert one <= MOST_OWN
