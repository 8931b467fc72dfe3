"""From nothing to the first enrolled patient, in the product alone: an admin, then a care manager.

Walked by requests rather than by a browser: it begins where no organization is, and follows the links of e-mails.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from bhi.jobs.models import Job, JobState
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic, Membership, Organization
from registry.models import Episode

pytestmark = pytest.mark.django_db
PASSWORD = "cedar-and-slate-17"
HOME = "/o/hillside/"


def test_an_admin_and_a_care_manager_bring_a_clinic_to_its_first_patient(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    admin = taken_on(created(), "Ada Lovett", "ada.lovett@example.org")
    assert left(admin)["The organization"][:3] == ["clinic", "care_manager", "lead"]

    advised(admin)
    done(admin, "set-up/clinics/new/", {
        "name": "Hillside", "time_zone": "America/Chicago", "program": "bhi", "setting": "office",
        "place_of_service": "11", "npi": "1234567893", "address": "12 Elm Street", "city": "Chicago", "state": "IL",
        "postal_code": "60601",
    })  # fmt: skip
    assert "slot" not in left(admin)["Hillside"]
    for name, role in (("Cara Mendes", "care_manager"), ("Lee Lind", "clinic_lead")):
        email = f"{name.split()[0].lower()}@example.org"
        done(admin, "people/invite/", {"email": email, "name": name, "roles": [role]})
    care_manager, lead = (taken_on(link, name, email) for link, name, email in invited())
    done(admin, "settings/clinicians/new/", {
        "name": "Tom Treating", "credential": "MD", "npi": "1234567893", "channel": "ehr",
    })  # fmt: skip

    organization = Organization.objects.get(slug="hillside")
    with tenant(organization):
        clinic = Clinic.objects.get()
    seats = {seat.name: seat for seat in Membership.objects.filter(organization=organization)}
    done(admin, f"clinics/{clinic.id}/risk/", typed_in(admin, f"clinics/{clinic.id}/risk/") | {
        "after_hours": "Call the on-call clinician: 312 555 0100.", "emergency_department": "Northside, 312 555 0199",
    })  # fmt: skip
    done(admin, f"clinics/{clinic.id}/duty/", {
        "weekdays": [str(day) for day in range(7)], "begins_at": "00:00", "ends_at": "00:00",
        "first": str(seats["Cara Mendes"].id), "second": str(seats["Lee Lind"].id),
    })  # fmt: skip
    for name in ("Cara Mendes", "Lee Lind"):
        done(admin, "set-up/trainings/", {
            "member": str(seats[name].id), "kind": "risk_protocol", "on": f"{timezone.now():%Y-%m-%d}",
        })  # fmt: skip
    for item in ("import", "billing", "templates", "consent", "filing"):
        done(admin, "set-up/said/", {"item": item, "is_needed": "no", "note": "We begin small."})
    for item in ("hours", "tools"):
        done(lead, "set-up/said/", {"item": item, "clinic": str(clinic.id), "is_needed": "yes", "note": "As usual."})

    drilled(care_manager, clinic)
    assert left(admin) == {"The organization": ["payers"], "Hillside": ["first_patient", "pilot"]}
    welcome = enrolled(care_manager, clinic, seats["Cara Mendes"])
    assert "Welcome to your care team" in care_manager.get(welcome).text
    with tenant(organization):
        assert Episode.objects.values_list("program", "care_manager__name").get() == ("bhi", "Cara Mendes")
    assert left(admin) == {"The organization": ["payers"], "Hillside": ["pilot"]}

    payer = re.search(r'<option value="([0-9a-f-]{36})">Prairie Health', admin.get(f"{HOME}set-up/payers/").text)
    assert payer is not None
    done(admin, "set-up/payers/", {
        "payer": payer[1], "program": "bhi", "is_covered": "yes", "on": f"{timezone.now():%Y-%m-%d}",
        "source": "Provider line, Rosa",
    })  # fmt: skip
    assert left(admin) == {"The organization": [], "Hillside": ["pilot"]}


def advised(admin: Client) -> None:
    """Before anything: which model. No consultant, so General BHI."""
    answers = {
        "care_manager_hours": "40", "is_trained": "yes", "clinician": "yes", "consultant_hours": "0", "review": "no",
        "registry": "yes", "billing": "build", "active": "40", "new_a_month": "4", "reached": "70",
        "medicare_ffs": "60", "medicare_advantage": "0", "commercial": "40", "medicaid": "0", "none": "0",
    }  # fmt: skip
    advice = admin.post(f"{HOME}set-up/model/", answers).headers["Location"]
    assert "<h1>Begin with General BHI</h1>" in admin.get(advice).text


def created() -> str:
    """The link that the operator sees."""
    printed = StringIO()
    given = {"slug": "hillside", "name": "Hillside Family Medicine", "admin_email": "ada.lovett@example.org"}
    call_command("create_organization", stdout=printed, print_link=True, **given)
    return printed.getvalue().splitlines()[-1]


def taken_on(link: str, name: str, email: str) -> Client:
    """Whoever follows the link of an invitation, chooses a password and signs in."""
    client = Client()
    path = "/invited/" + link.partition("/invited/")[2]
    assert client.post(path, {"name": name, "password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    assert client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


def invited() -> list[tuple[str, str, str]]:
    """The links of the e-mails that a worker sends now, each with whom it is for."""
    organization = Organization.objects.get(slug="hillside")
    with tenant(organization):
        waiting = list(Job.objects.filter(state=JobState.QUEUED, kind__icontains="invit").order_by("id"))
    mail.outbox = []
    for job in waiting:
        assert run(organization_id=organization.id, job_id=job.id, at=timezone.now()) == JobState.DONE
    names = {"cara@example.org": "Cara Mendes", "lee@example.org": "Lee Lind"}
    found = {one.to[0]: re.search(r"/invited/\S+", one.body) for one in mail.outbox}
    return [(str(link[0]), names[email], email) for email, link in sorted(found.items()) if link is not None]


def left(client: Client) -> dict[str, list[str]]:
    """What the checklist says is left, by group."""
    groups = client.get(f"{HOME}set-up/").context["groups"]
    return {group.title: [row.point.item.key for row in group.open] for group in groups}


def typed_in(client: Client, path: str) -> dict[str, Any]:
    """What a form shows before anything is typed."""
    form = client.get(HOME + path).context["form"]
    shown = {form[name].html_name: form[name].value() for name in form.fields}
    return {name: value for name, value in shown.items() if value not in (None, "")}


def done(client: Client, path: str, typed: dict[str, Any]) -> None:
    """A form that is saved."""
    answer = client.post(HOME + path, typed)
    assert answer.status_code == 302, (path, getattr(answer.context.get("form"), "errors", answer.context))


def drilled(client: Client, clinic: Clinic) -> None:
    """The risk protocol is rehearsed once, from the first step to its end."""
    begun = client.post(f"{HOME}risk/drills/", {"clinic": str(clinic.id), "scenario": scenario(client)})
    assert begun.status_code == 302
    path = begun.headers["Location"]
    assert client.post(path, {"act": "end", "remark": "All of us know whom to call."}).status_code == 302


def scenario(client: Client) -> str:
    """The first that is offered."""
    form = client.get(f"{HOME}risk/drills/").context["form"]
    chosen: str = next(value for value, _ in form.fields["scenario"].choices if value)
    return chosen


def enrolled(client: Client, clinic: Clinic, care_manager: Membership) -> str:
    """The first patient, by the page of a warm hand-off; where it leads."""
    page = client.get(f"{HOME}enrol/").context["form"]
    clinician = next(value for value, label in page.fields["treating_clinician"].choices if "Treating" in label)
    today = f"{timezone.now():%Y-%m-%d}"
    answer = client.post(f"{HOME}enrol/", {
        "client_token": str(uuid4()), "given_name": "Ana", "family_name": "Rivera", "birth_date": "1961-05-04",
        "phone": "312 555 0142", "may_leave_voicemail": "yes", "clinic": str(clinic.id),
        "new_payer": "Prairie Health", "program": page["program"].value(), "enrolled_on": today,
        "care_manager": str(care_manager.id), "treating_clinician": clinician, "directed": "in person",
        "target_condition": "Depression", "risk_ruled_out": "clinician", "consent": "verbal", "consent_when": "now",
        **{f"phq9_{number}": "1" for number in range(1, 9)}, "phq9_9": "0",
    })  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    return answer.headers["Location"]
