"""Treating clinicians in the settings: who they are, their channel, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from registry.models import TreatingClinician
from tests.factories.registry import TreatingClinicianFactory

PAGE = "/o/lakeside/settings/clinicians/"
TYPED = {"name": "Ana Rivera", "credential": "MD", "npi": "1234567893", "channel": "ehr", "email": "", "seat": ""}


@pytest.fixture
def client(in_tenant: Any, client_for: Callable[..., Any]) -> Any:
    return client_for("clinic_lead")


def test_one_is_added_changed_and_listed(client: Any, membership: Callable[..., Any]) -> None:
    assert "No treating clinician yet" in client.get(PAGE).text
    assert client.post(f"{PAGE}new/", TYPED).headers["Location"] == PAGE
    made = TreatingClinician.objects.get()
    assert (made.name, made.sort_name, made.credential, made.npi) == ("Ana Rivera", "rivera, ana", "MD", "1234567893")
    seat = membership("treating_clinician", name="Ana Rivera")
    one = f"{PAGE}{made.id}/"
    assert 'value="1234567893"' in client.get(one).text
    changed = {**TYPED, "channel": "inbox", "seat": str(seat.id), "email": "rivera@lakeside.example"}
    assert client.post(one, changed).status_code == 302
    assert client.post(one, changed).status_code == 302
    made.refresh_from_db()
    assert (made.channel, made.membership_id, made.email) == ("inbox", seat.id, "rivera@lakeside.example")
    assert "Inbox here" in client.get(PAGE).text
    done = AuditEvent.objects.filter(action__startswith="clinician.").order_by("id")
    assert list(done.values_list("action", "fields")) == [
        ("clinician.added", ["credential", "name", "npi"]),
        ("clinician.changed", ["channel", "email", "membership"]),
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Enter the clinician&#x27;s name."),
        ({"name": "Rivera"}, "given and family name"),
        ({"npi": "1234567890"}, "one digit of this NPI is wrong"),
        ({"npi": "123"}, "An NPI has ten digits"),
        ({"channel": "link"}, "A secure link needs an address."),
        ({"channel": "inbox"}, "The inbox needs a person who signs in."),
        ({"channel": "fax"}, "Choose how they are told."),
        ({"email": "rivera"}, "Enter an address such as"),
        ({"seat": str(uuid4())}, "Choose from the list."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client: Any, typed: dict[str, str], words: str) -> None:
    page = client.post(f"{PAGE}new/", {**TYPED, **typed})
    assert page.status_code == 422
    assert words in page.text
    assert TreatingClinician.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "credential", "kept"),
    [
        ("Claude Baptiste", "DO", ("Claude Baptiste", "baptiste, claude", "DO")),
        ("Jane Roe", "PA", ("Jane Roe", "roe, jane", "PA")),
        ("Jane Roe", "FACP", ("Jane Roe", "roe, jane", "FACP")),
        ("Jane Roe", "md, m.p.h.", ("Jane Roe", "roe, jane", "MD, MPH")),
        ("Jane Roe MD", "", ("Jane Roe", "roe, jane", "MD")),
        ("Jane Roe, MD", "MPH", ("Jane Roe", "roe, jane", "MD, MPH")),
    ],
)
def test_a_credential_is_never_taken_for_a_name(
    client: Any, name: str, credential: str, kept: tuple[str, str, str]
) -> None:
    client.post(f"{PAGE}new/", {**TYPED, "name": name, "credential": credential})
    made = TreatingClinician.objects.get()
    assert (made.name, made.sort_name, made.credential) == kept


def test_names_numbers_and_seats_belong_to_one(client: Any, membership: Callable[..., Any]) -> None:
    seat = membership("treating_clinician", name="Ana Rivera")
    known = {"name": "Ana Rivera", "sort_name": "rivera, ana", "npi": "1234567893", "membership": seat}
    TreatingClinicianFactory(organization=seat.organization, **known)
    assert "There is a clinician with this name" in client.post(f"{PAGE}new/", {**TYPED, "npi": ""}).text
    assert "This is the NPI of Ana Rivera, MD." in client.post(f"{PAGE}new/", {**TYPED, "name": "Ben Cole"}).text
    other = {**TYPED, "name": "Ben Cole", "npi": "", "seat": str(seat.id)}
    assert "This person signs in as Ana Rivera, MD already." in client.post(f"{PAGE}new/", other).text


def test_a_seat_has_the_role(in_tenant: Any, membership: Callable[..., Any], now: Any) -> None:
    from registry.operations.clinicians import ClinicianRefused, ClinicianValues, set_clinician

    seat = membership("care_manager")
    with pytest.raises(ClinicianRefused, match="role of a treating clinician"):
        set_clinician(by=seat, at=now, values=ClinicianValues("Ana Rivera", membership_id=seat.id))


def test_another_organizations_is_not_there(client: Any, other_organization: Any, now: Any) -> None:
    from bhi.errors import NotFound
    from bhi.tenancy.context import tenant
    from registry.operations.clinicians import ClinicianValues, set_clinician

    with tenant(other_organization):
        theirs = TreatingClinicianFactory(organization=other_organization)
    assert client.get(f"{PAGE}{theirs.id}/").status_code == 404
    with tenant(client.membership.organization), pytest.raises(NotFound):
        set_clinician(by=client.membership, at=now, values=ClinicianValues("Ana Rivera"), clinician_id=theirs.id)
