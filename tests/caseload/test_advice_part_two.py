"""A recommendation of a record that 42 CFR part 2 covers goes out with a consent, or only to an inbox here."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from caseload.operations.advice import send_advice
from registry.models import Disclosure
from registry.operations.rights_errors import PartTwoRefused
from tests.caseload.test_advice import clinician, propose  # noqa: F401 -- fixtures
from tests.factories.going_live import PartTwoConsentFactory, PartTwoMarkFactory


def test_it_is_sent_with_a_consent_and_kept_as_a_disclosure(by, now, propose):  # noqa: F811
    first, second = propose(), propose()
    of = {"organization": first.organization, "patient": first.review.patient}
    PartTwoMarkFactory(**of)
    asked = {"by": by, "at": now, "recommendation_id": first.id, "client_token": uuid4()}
    with pytest.raises(PartTwoRefused):
        send_advice(**asked, channel="ehr")
    PartTwoConsentFactory(**of, signed_on=date(2026, 2, 2))
    assert send_advice(**asked, channel="ehr").state == "sent"
    assert send_advice(**asked, channel="ehr").state == "sent"
    send_advice(**(asked | {"recommendation_id": second.id, "client_token": uuid4()}), channel="ehr")
    assert [(one.purpose, one.object_id) for one in Disclosure.objects.all()] == [("treatment", first.id)]


def test_an_inbox_here_is_no_disclosure(by, now, propose):  # noqa: F811
    made = propose()
    PartTwoMarkFactory(organization=made.organization, patient=made.review.patient)
    sent = send_advice(by=by, at=now, recommendation_id=made.id, client_token=uuid4(), channel="inbox")
    assert (sent.state, Disclosure.objects.count()) == ("sent", 0)
