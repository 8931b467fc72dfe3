"""What the demonstration shows of going live: little left to do, a month signed and the next one waiting."""

from bhi.tenancy.models import Organization
from caseload.models import MonthlyCheck
from caseload.queries.monthly_check import checks_due
from registry.models import ModelFit, PayerCheck, PilotReview, SetupAttestation, Training
from registry.queries.settings_history import TABLES, Narrowed, setting_versions
from tests.billing.demonstration.day import AT


def test_each_page_of_going_live_has_something_to_show(demonstration: Organization) -> None:
    assert ModelFit.objects.get().advice["model"] == "cocm"
    assert sorted(row.due_on <= AT.date() for row in Training.objects.all()) == [False, False, False, True]
    assert PayerCheck.objects.filter(is_covered=True).exists()
    assert PilotReview.objects.get().go_on is True
    assert SetupAttestation.objects.get().item == "import"
    changed = setting_versions(demonstration.id, TABLES, Narrowed(key="protocol"))
    assert [(row.before or {}).get("link_days") for row in changed.rows if row.after] != []


def test_a_month_is_signed_and_the_next_waits(demonstration: Organization) -> None:
    check = MonthlyCheck.objects.select_related("clinic").get()
    due = checks_due(demonstration.id, at=AT)
    assert (check.clinic.name, check.tasks[0][1]) == ("Cedar Hill", "Nora Ellison")
    assert "Cedar Hill" in [one.clinic for one in due]
    assert f"{check.month:%Y-%m}" not in [one.month for one in due]
