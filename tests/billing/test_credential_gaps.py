"""Minutes of somebody without a license or training on record count, and the month's release says so."""

from datetime import date

import pytest

from bhi.accounts.models import CredentialKind
from bhi.accounts.operations.credentials import CredentialValues, record_credential, void_credential
from caseload.models import TimeEntry
from tests.billing.people import AT, program
from tests.billing.release_months import Months
from tests.factories.tenancy import MembershipFactory

FIRST = date(2020, 1, 1)
BEFORE = date(2026, 1, 31)


@pytest.fixture
def months(in_tenant, clinic):
    return Months(program(in_tenant, clinic, notes=False))


def give(months, kind, *, until_on=None, from_on=FIRST, seat=None):
    return record_credential(
        by=months.people.by,
        at=AT,
        seat_id=(seat or TimeEntry.objects.get().by).id,
        values=CredentialValues(kind=kind, name="LCSW", from_on=from_on, until_on=until_on),
    )


def found(months, episode):
    return [(check.word, check.mode) for check in months.release(episode).checks if check.word == "credential_gap"]


@pytest.fixture
def episode(months):
    return months.episode()


def test_nothing_is_asked_while_no_credentials_are_recorded(months, episode):
    assert found(months, episode) == []


def test_a_care_manager_without_training_is_noted_and_the_month_still_leaves(months, episode):
    give(months, CredentialKind.LICENSE)
    release = months.release(episode)
    assert found(months, episode) == [("credential_gap", "note")]
    assert (release.is_held, [line.code for line in release.asked]) == (False, ["99492"])
    (check,) = [check for check in release.checks if check.word == "credential_gap"]
    assert check.sentence.startswith("Ken Abara worked on Feb ")
    assert check.sentence.endswith(", 2026 without behavioral health training on record.")


def test_training_of_that_day_is_enough(months, episode):
    give(months, CredentialKind.TRAINING)
    assert found(months, episode) == []


@pytest.mark.parametrize(
    ("until", "renewed_from", "is_found"),
    [(BEFORE, None, True), (date(2026, 2, 28), None, False), (BEFORE, date(2026, 2, 1), False), (None, None, False)],
)
def test_a_license_that_ended_before_the_work_is_noted_unless_renewed(months, episode, until, renewed_from, is_found):
    give(months, CredentialKind.TRAINING)
    give(months, CredentialKind.LICENSE, until_on=until)
    if renewed_from:
        give(months, CredentialKind.LICENSE, from_on=renewed_from)
    assert bool(found(months, episode)) is is_found


def test_what_somebody_else_holds_helps_nobody(months, episode):
    give(months, CredentialKind.TRAINING, seat=MembershipFactory(organization=months.people.organization))
    assert found(months, episode) == [("credential_gap", "note")]


def test_voided_credentials_are_none(months, episode):
    made = give(months, CredentialKind.TRAINING)
    void_credential(by=months.people.by, at=AT, credential_id=made.id, reason="Wrong person")
    give(months, CredentialKind.BOARD)
    assert found(months, episode) == [("credential_gap", "note")]
