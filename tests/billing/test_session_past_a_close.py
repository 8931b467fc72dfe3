"""A live review that was forgotten until its month was closed is ended with the reason, and its minutes are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from bhi.tenancy.context import tenant
from billing.models import LateChange
from billing.operations.closing import close_month
from caseload.models import AgendaItem, ReviewSession, TimeEntry
from caseload.operations.live_sessions import begin_session, open_item, pause_session
from tests.billing.people import AT, program
from tests.billing.test_pages import text_of
from tests.factories.reviews import AgendaItemFactory, ReviewSessionFactory, SessionSeatFactory

BEGUN = datetime(2026, 2, 20, 16, tzinfo=UTC)


def test_a_session_forgotten_past_a_close_is_ended_with_the_reason(organization: Any, clinic: Any, membership: Any):
    assert timezone.now() > AT
    seat = membership("care_manager", name="Noor Haddad")
    with tenant(organization):
        people = program(organization, clinic)
        episode = people.billing_patient()
        session = ReviewSessionFactory(organization=organization, clinic=clinic, consultant=people.worker)
        for person in (seat, people.worker):
            SessionSeatFactory(organization=organization, session=session, membership=person)
        AgendaItemFactory(organization=organization, session=session, episode=episode, place=1)
        begin_session(by=seat, at=BEGUN, session_id=session.id)
        open_item(by=seat, at=BEGUN, session_id=session.id, item_id=AgendaItem.objects.get().id)
        pause_session(by=seat, at=BEGUN + timedelta(minutes=12), session_id=session.id)
        close_month(by=people.by, at=AT, clinic_id=clinic.id, month="2026-02", note="Seen.", client_token=uuid4())
        before = TimeEntry.objects.count()
    manager = Client()
    manager.force_login(seat.user)
    url = f"/o/lakeside/reviews/sessions/{session.id}/end/"
    refused = manager.post(url, {})
    assert (refused.status_code, "February 2026 is closed for billing" in text_of(refused)) == (422, True)
    assert 'name="late_because"' in refused.content.decode()
    assert manager.post(url, {"late_because": "Nobody ended it."}).status_code == 302
    with tenant(organization):
        assert ReviewSession.objects.get().state == "ended"
        assert TimeEntry.objects.count() - before == LateChange.objects.filter(because="Nobody ended it.").count() == 1
