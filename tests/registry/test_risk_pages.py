"""The pages about danger: a case, the lists, a clinic's protocol, drills, Today and the chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from registry.models import RiskCase, RiskDrill, RiskProtocol, RiskStep
from registry.operations import open_episode, record_assessment
from registry.operations.risk import assess_risk, open_risk_case
from registry.operations.safety import raise_notice
from registry.rules.risk_steps import DEFAULT, PHASES
from tests.factories.registry import system_seat
from tests.factories.risk import RiskCaseFactory
from tests.statements import own

TODAY = date(2026, 3, 2)
ROOT = "/o/lakeside/"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=True) as traveller:
        yield traveller


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person("Rivera", phone="555-0101")


@pytest.fixture
def client(client_for: Callable[..., Any]) -> Any:
    return client_for("clinic_lead", name="Dora Lead")


@pytest.fixture
def case(patient: Any, by: Any, now: datetime) -> RiskCase:
    record_assessment(
        by=by, at=now, patient=patient, episode=None, instrument="phq9", on=TODAY, total=10, item9=2
    )  # fmt: skip
    return RiskCase.objects.get()


@pytest.fixture
def act(client: Client, patient: Any) -> Callable[..., Any]:
    """`act("assess", tier="moderate", note="…")` sends a form of the case's page."""

    def send(name: str, *, as_: Any = None, **typed: str) -> Any:
        page = f"{ROOT}patients/{patient.id}/risk/{name}/"
        return (as_ or client).post(page, {"client_token": str(uuid4()), **typed}, follow=True)

    return send


def text(page: Any) -> str:
    return unescape(page.text)


def test_nothing_is_open_and_a_concern_opens_it(client: Client, act: Callable[..., Any], patient: Any) -> None:
    page = client.get(f"{ROOT}patients/{patient.id}/risk/")
    assert ("No risk case is open" in text(page), 'href="tel:988"' in page.text) == (True, True)
    refused = act("open", concern="")
    assert (refused.status_code, "Say what you saw or heard." in text(refused)) == (422, True)
    opened = act("open", concern="Gave away the dog.")
    assert opened.redirect_chain == [(f"{ROOT}patients/{patient.id}/risk/", 302)]
    assert "Not assessed yet" in opened.text
    assert RiskCase.objects.get().concern == "Gave away the dog."
    assert AuditEvent.objects.filter(action="risk_case.viewed", patient_id=patient.id).count() == 3


def test_from_the_answer_to_the_closing(
    client: Client, act: Callable[..., Any], patient: Any, case: RiskCase, client_for: Callable[..., Any]
) -> None:
    refused = act("assess", tier="low", note="Fine.")
    assert (refused.status_code, "Without them the tier is moderate or high." in text(refused)) == (422, True)
    assert "Fine.</textarea>" in refused.text
    screener = {"tool": "cssrs", "on": "2026-03-02", "cssrs_1": "1", "cssrs_2": "1", "cssrs_3": "1"}
    screener |= {"cssrs_4": "0", "cssrs_5": "0", "cssrs_6": "0", "client_token": str(uuid4())}
    entered = client.post(f"{ROOT}patients/{patient.id}/scores/new/", screener, follow=True)
    assert entered.redirect_chain == [(f"{ROOT}patients/{patient.id}/risk/", 302)]
    assert "C-SSRS screener, Mar 2: <strong>Moderate</strong>" in entered.text
    assert 'value="moderate" required id="id_assess_tier_1" checked' in entered.text
    assessed = act("assess", tier="high", note="Has a date in mind.")
    assert "High, assessed Mar 2, recheck Mar 9" in assessed.text
    assert "See to it that the patient is not alone" in assessed.text
    done = act("step", key="clinician_told", who="Dr. Okafor", text="Comes over.")
    assert ("Dr. Okafor" in done.text, "Comes over." in done.text) == (True, True)
    assert "Jo, the sister" in act("call", who="Jo, the sister", text="Stays the night.").text
    asked = act("assess", tier="moderate", note="Calmer now.")
    assert "asks to lower it to moderate.</strong> Until somebody else agrees, high holds." in asked.text
    assert "Somebody else has to agree: a tier is never lowered by one person alone." in text(asked)
    doctor = client_for("treating_clinician", name="Tom Okafor")
    assert act("lower", as_=doctor, answer="", note="").status_code == 422
    agreed = act("lower", as_=doctor, answer="agree", note="Saw him.")
    assert "Moderate, assessed Mar 2, recheck Mar 16" in agreed.text
    assert "The tier is moderate. A case is closed at low or at no risk found." in agreed.text
    kept = act("close", note="Well again.")
    assert (kept.status_code, ">Well again.</textarea>" in kept.text) == (422, True)
    assert case.pk == RiskCase.objects.get(closed_at=None).pk


def test_a_closed_case_is_shown_and_the_next_begins_there(
    client: Client, patient: Any, client_for: Callable[..., Any]
) -> None:
    seat = client.membership  # type: ignore[attr-defined]
    closed = {"closed_at": datetime.fromisoformat("2026-02-26T12:00+00:00"), "closed_on": date(2026, 2, 26)}
    values = {"organization": seat.organization, "patient": patient, "clinic": patient.clinic, "tier": "low"}
    RiskCaseFactory(
        **values, **closed, assessed_on=date(2026, 2, 26), closed_by=seat, closing_note="Well, and knows whom to call."
    )
    page = text(client.get(f"{ROOT}patients/{patient.id}/risk/"))
    assert ("Closed Feb 26, 2026 by Dora Lead" in page, "Well, and knows whom to call." in page) == (True, True)
    assert "Concerned again?" in page


def test_an_answer_from_before_is_offered_as_the_reason(client: Client, patient: Any, by: Any, now: datetime) -> None:
    values = {"by": by, "at": now, "patient": patient, "episode": None, "instrument": "phq9", "total": 10, "item9": 2}
    record_assessment(**values, on=date(2026, 1, 5))
    assert RiskCase.objects.count() == 0
    assert "item 9: 2 on 2026-01-05</textarea>" in client.get(f"{ROOT}patients/{patient.id}/risk/").text


def test_what_is_not_there(client: Client, patient: Any, case: RiskCase) -> None:
    assert client.post(f"{ROOT}patients/{patient.id}/risk/dance/").status_code == 404
    assert client.post(f"{ROOT}patients/{uuid4()}/risk/open/").status_code == 404
    assert client.get(f"{ROOT}patients/{uuid4()}/risk/").status_code == 404
    assert client.get(f"{ROOT}risk/drills/{uuid4()}/").status_code == 404
    assert client.post(f"{ROOT}risk/drills/{uuid4()}/", {"key": "reach"}).status_code == 404
    assert client.get(f"{ROOT}clinics/{uuid4()}/risk/").status_code == 404


@pytest.mark.parametrize("name", ["assess", "step", "call", "lower", "close"])
def test_acts_without_a_case_are_not_there(act: Callable[..., Any], name: str) -> None:
    typed = {"tier": "high", "note": "x", "key": "reach", "text": "x", "answer": "agree"}
    assert act(name, **typed).status_code == 404


def test_somebody_was_faster(act: Callable[..., Any], case: RiskCase) -> None:
    act("call", who="", text="Her sister called.")
    moved = act("assess", tier="high", note="Alone.", seen="0")
    assert (moved.status_code, "Somebody recorded something here meanwhile." in text(moved)) == (422, True)
    assert 'name="seen" value="1"' in moved.text
    assert "High, assessed Mar 2" in act("assess", tier="high", note="Alone.", seen="1").text


def test_taking_a_notice_on_opens_the_protocol(client: Client, patient: Any, by: Any, now: datetime) -> None:
    system_seat(by.organization)
    notice = raise_notice(by=by, at=now, patient=patient, clinic_id=patient.clinic_id)
    RiskProtocol.objects.create(
        organization=by.organization, clinic=patient.clinic, changed_at=now, changed_by=by,
        after_hours="Dr. Night, 555-0199", emergency_department="Mercy General",
    )  # fmt: skip
    for path in (f"safety/{notice.id}/", "safety/", "risk/", "risk/drills/", f"patients/{patient.id}/risk/"):
        page = client.get(ROOT + path).text
        found = ("Dr. Night, 555-0199" in page, "Mercy General" in page, 'href="tel:988"' in page, "911" in page)
        assert found == (True, True, True, True), path
    taken = client.post(f"{ROOT}safety/{notice.id}/take/", follow=True)
    assert taken.redirect_chain == [(f"{ROOT}patients/{patient.id}/risk/", 302)]
    assert "Protocol, before the assessment" in taken.text


def test_the_lead_sees_what_was_missed_others_do_not(
    client: Client, patient: Any, by: Any, now: datetime, client_for: Callable[..., Any]
) -> None:
    page = text(client.get(f"{ROOT}risk/"))
    assert ("No risk case is open" in page, "every positive screen was assessed on its own day" in page) == (True, True)
    asked = {"patient_id": patient.id, "concern": "Concerned", "client_token": uuid4()}
    case = open_risk_case(by=by, at=now - timedelta(days=3), **asked)
    assert "not yet, 3 days" in client.get(f"{ROOT}risk/").text
    values = {"tier": "moderate", "note": "Spoke.", "client_token": uuid4()}
    assess_risk(by=by, at=now - timedelta(days=2), case_id=case.id, **values)
    page = text(client.get(f"{ROOT}risk/"))
    assert ("Feb 28, 1 day later" in page, "assessed moderate Feb 28, recheck Mar 14" in page) == (True, True)
    others = text(client_for("care_manager").get(f"{ROOT}risk/"))
    assert ("Not assessed the same day" in others, "assessed moderate Feb 28" in others) == (False, True)


# A clinic's protocol


def settings_typed(**changed: str) -> dict[str, str]:
    due = {f"due_{tier or 'first'}_{step.key}": str(step.minutes) for tier, _ in PHASES for step in DEFAULT[tier]}
    return {"seen": "", "high": "7", "moderate": "14", "low": "30", **due, **changed}


def test_a_clinics_protocol_is_set_within_bounds(client: Client, clinic: Any, case: RiskCase) -> None:
    page = f"{ROOT}clinics/{clinic.id}/risk/"
    assert "Nobody has changed anything: the usual protocol holds." in client.get(page).text
    laxer = client.post(page, settings_typed(high="8", low_own_1_words="Tell the lead.", supervisors=str(uuid4())))
    assert laxer.status_code == 422
    for sentence in ("Choose who does it and by when.", "Choose people of the list."):
        assert sentence in text(laxer)
    laxer = client.post(page, settings_typed(high="8"))
    assert "At high risk it is asked again after 1 to 7 days." in text(laxer)
    assert RiskProtocol.objects.count() == 0
    seat = client.membership  # type: ignore[attr-defined]
    typed = settings_typed(
        high="3", due_first_screener="60", after_hours="Dr. Night, 555-0199", supervisors=str(seat.id),
        first_own_1_words="Tell the lead.", first_own_1_owner="care_manager", first_own_1_minutes="240",
    )  # fmt: skip
    saved = client.post(page, typed, follow=True)
    row = RiskProtocol.objects.get()
    assert (row.recheck_high_days, row.supervisors, row.after_hours) == (3, [seat.id], "Dr. Night, 555-0199")
    assert "Set for the first time" in saved.text
    shown = text(client.get(f"{ROOT}patients/{case.patient_id}/risk/"))
    assert ("Tell the lead." in shown, "the clinic’s own" in shown) == (True, True)
    overtaken = client.post(page, settings_typed(high="2"))
    assert "Somebody changed these settings meanwhile." in text(overtaken)
    again = client.post(page, settings_typed(high="2", seen=row.changed_at.isoformat()), follow=True)
    for sentence in ("Recheck at high, days: 3 → 2", "After hours: Dr. Night, 555-0199 → none", "Dora Lead → nobody"):
        assert sentence in text(again)
    assert "Before the assessment: Tell the lead. (within 4 hours, care manager) → as usual" in " ".join(
        text(again).split()
    ).replace("; Before the assessment: Tell", "Before the assessment: Tell").replace(
        "Before the assessment: Ask the questions of the suicide screener, the same day. (within an hour)", ""
    )


# Drills


def test_a_drill_from_beginning_to_end(in_tenant: Any, client: Client, clinic: Any) -> None:
    assert "Nobody has rehearsed yet." in client.get(f"{ROOT}risk/drills/").text
    refused = client.post(f"{ROOT}risk/drills/", {"clinic": str(clinic.id)})
    assert (refused.status_code, "Choose what to rehearse from the list." in text(refused)) == (422, True)
    typed = {"clinic": str(clinic.id), "scenario": "self_report"}
    begun = [client.post(f"{ROOT}risk/drills/", typed) for _ in range(2)]
    drill = RiskDrill.objects.get()
    page = f"{ROOT}risk/drills/{drill.id}/"
    assert [one.url for one in begun] == [page, page]
    assert "Drill, Dana (does not exist)" in client.get(page).text
    client.post(page, {"act": "step", "key": "reach"})
    client.post(page, {"act": "step", "key": "reach"})
    assert "This step is not asked for." in text(client.post(page, {"act": "step", "key": "stay"}, follow=True))
    for tier, sentence in (("", "Choose a tier from the list."), ("low", "The screener’s answers make it moderate.")):
        wrong = client.post(page, {"act": "tier", "tier": tier})
        assert (wrong.status_code, sentence in text(wrong)) == (422, True)
    assert "Protocol, moderate" in client.post(page, {"act": "tier", "tier": "moderate"}, follow=True).text
    client.post(page, {"act": "tier", "tier": "high"})
    client.post(page, {"act": "step", "key": "means"})
    drill.refresh_from_db()
    assert (drill.tier, [row[0] for row in drill.done]) == ("moderate", ["first.reach", "tier", "moderate.means"])
    assert client.post(page, {"act": "end", "remark": ""}).status_code == 422
    ended = client.post(page, {"act": "end", "remark": "Nobody knew the number."}, follow=True)
    assert ("Over after 0 minutes" in ended.text, "Nobody knew the number." in ended.text) == (True, True)
    client.post(page, {"act": "end", "remark": "Twice."})
    assert "This drill is over." in text(client.post(page, {"act": "step", "key": "means"}, follow=True))
    listed = text(client.get(f"{ROOT}risk/drills/"))
    assert ("Nobody knew the number." in listed, "next by Mar 2, 2027" in listed) == (True, True)
    assert (RiskCase.objects.count(), RiskStep.objects.count()) == (0, 0)


# Budgets


@pytest.mark.parametrize("size", [1, 8])
def test_pages_take_as_many_statements_for_one_as_for_eight(
    person: Callable[..., Any], client: Client, by: Any, now: datetime, size: int
) -> None:
    for number in range(size):
        patient = person(f"Rivera{number}")
        open_risk_case(by=by, at=now, patient_id=patient.id, concern="Concerned", client_token=uuid4())
    found = {}
    pages = {
        "case": f"patients/{patient.id}/risk/",
        "cases": "risk/",
        "drills": "risk/drills/",
        "settings": f"clinics/{patient.clinic_id}/risk/",
    }
    for name, path in pages.items():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(ROOT + path).status_code == 200
        found[name] = len(own(queries))
    assert {name: count for name, count in found.items() if count > 8} == {}


def test_the_chart_says_it(client: Client, patient: Any, clinic: Any, by: Any, now: datetime) -> None:
    open_episode(by=by, at=now, patient=patient, clinic=clinic, enrolled_on=date(2026, 2, 2))
    asked = {"patient_id": patient.id, "concern": "Gave away the dog.", "client_token": uuid4()}
    case = open_risk_case(by=by, at=now, **asked)
    page = text(client.get(f"{ROOT}patients/{patient.id}/"))
    assert ("Risk case open: not assessed yet" in page, "Gave away the dog., since Mar 2." in page) == (True, True)
    assess_risk(by=by, at=now, case_id=case.id, tier="high", note="Spoke.", client_token=uuid4())
    page = text(client.get(f"{ROOT}patients/{patient.id}/"))
    assert "Risk case open: high, assessed Mar 2, recheck Mar 9" in page
