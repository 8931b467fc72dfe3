"""What a lead is told of people: credentials, once anybody's are on record, and the list that is due."""

from datetime import date

import pytest

from bhi.accounts.queries.findings import people_findings
from tests.factories.going_live import AccessReviewFactory, SeatCredentialFactory
from tests.factories.tenancy import NOW

SINCE = date(2025, 1, 1)


@pytest.fixture
def seat(in_tenant, membership):
    return membership("care_manager", name="Rosa Lind")


def told(seat):
    return people_findings(seat.organization_id, NOW).credentials


def test_nothing_while_nobody_records_credentials(seat):
    assert told(seat) == ()


def test_who_manages_care_needs_training_and_a_license_is_told_when_it_ends(seat, membership, in_tenant):
    of = {"organization": in_tenant, "from_on": SINCE}
    SeatCredentialFactory(**of, seat=seat, until_on=date(2026, 3, 20))
    SeatCredentialFactory(**of, seat=membership("billing", name="Greta Lund"), until_on=date(2026, 3, 1), name="CPC")
    assert told(seat) == (
        "Greta Lund: CPC ended Mar 1, 2026.",
        "Rosa Lind: LCSW ends Mar 20, 2026.",
        "Rosa Lind: no behavioral health training on record.",
    )


@pytest.mark.parametrize(
    ("from_on", "until_on", "is_trained"),
    [
        (SINCE, None, True),
        (SINCE, date(2026, 3, 2), True),
        (SINCE, date(2026, 3, 1), False),
        (date(2026, 3, 3), None, False),
    ],
)
def test_training_counts_on_its_days(seat, in_tenant, from_on, until_on, is_trained):
    SeatCredentialFactory(organization=in_tenant, seat=seat, kind="training", from_on=from_on, until_on=until_on)
    assert ("Rosa Lind: no behavioral health training on record." in told(seat)) is not is_trained


def test_the_team_page_says_what_is_due(client_for, in_tenant):
    lead = client_for("clinic_lead")
    assert "the list is not signed yet" in lead.get("/o/lakeside/team/").content.decode()


@pytest.mark.usefixtures("at_now")
def test_and_not_once_it_is_signed(client_for, in_tenant):
    lead = client_for("clinic_lead")
    AccessReviewFactory(
        organization=in_tenant, quarter=date(2026, 1, 1), signed_at=NOW, signed_by=lead.membership, signed_as="Lead"
    )
    assert "the list is not signed yet" not in lead.get("/o/lakeside/team/").content.decode()
