"""The page "which model fits us?": asked before any patient, kept, and printed as it was advised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from billing.queries.model_rates import model_rates, rates_source
from registry.models import ModelFit
from registry.operations.model_fit import keep_model_fit
from registry.operations.setting_up import SetupRefused
from registry.queries.model_fit import model_fit_shown
from registry.rules.model_fit import Model, advise
from tests.factories.tenancy import NOW
from tests.walls.made_going_live import ANSWERS

TYPED = {
    "care_manager_hours": "40", "is_trained": "yes", "clinician": "yes", "consultant_hours": "3", "review": "build",
    "registry": "yes", "billing": "yes", "active": "60", "new_a_month": "6", "reached": "70", "medicare_ffs": "50",
    "medicare_advantage": "0", "commercial": "50", "medicaid": "0", "none": "0",
}  # fmt: skip
URL = "/o/lakeside/set-up/model/"
pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def admin(in_tenant: Any, client_for: Callable[..., Any]) -> Client:
    client: Client = client_for("admin", name="Ada Nowak")
    return client


def test_asked_before_any_patient_and_kept(admin: Client) -> None:
    assert "Not yet. No patient is needed for this" in admin.get(URL).text
    answer = admin.post(URL, TYPED)
    fit = ModelFit.objects.get()
    assert answer.headers["Location"] == f"{URL}{fit.id}/"
    page = admin.get(answer.headers["Location"]).text
    assert "<h1>Collaborative care</h1>" in page
    assert "A weekly review that survives a busy clinic" in page
    assert "6,060 needed for 60 patients and 6 new ones; 6,900 on hand" in page
    # Half of the patients are Medicare's: 6 first months and 54 later ones, of which 70 in 100 reach their minutes.
    assert "$3,076.42" in page
    assert page.count("not known") == 3
    assert "estimate" in page
    assert 'value="60"' in admin.get(URL).text
    assert AuditEvent.objects.filter(action="model_fit.answered").count() == 1


def test_a_payers_own_price_counts_where_its_rules_state_one(admin: Client, membership: Callable[..., Any]) -> None:
    plans, on = {"medicaid": "wi_medicaid", "commercial": "regence"}, date(2026, 10, 1)
    rates = model_rates(on, plans)
    assert sorted(key for key in rates if key[0] in plans) == [("medicaid", "99492"), ("medicaid", "99493")]
    shares = {"medicaid": 50, "commercial": 50}
    answers = replace(ANSWERS, active=60, new_a_month=6, reached=70, shares=shares, plans=plans)
    advice, source = advise(answers, rates), rates_source(on, plans)
    fit = keep_model_fit(by=membership("admin"), at=NOW, answers=answers, advice=advice, source=source)
    page = admin.get(f"{URL}{fit.id}/").text
    first, later = rates["medicaid", "99492"], rates["medicaid", "99493"]
    whole = ((6 * first + 54 * later) * Decimal("0.35")).quantize(Decimal("0.01"))
    assert f"${whole:,}" in page
    assert ("Wisconsin Medicaid" in page, "Regence" in page) == (True, True)
    assert model_fit_shown(fit.organization_id, fit.id).answers.plans == plans


def test_which_medicaid_is_chosen_from_a_list_and_kept(admin: Client) -> None:
    typed = {**TYPED, "commercial": "0", "medicaid": "50", "medicaid_plan": "wi_medicaid", "commercial_plan": "regence"}
    refused = admin.post(URL, {**typed, "medicaid_plan": "atlantis"})
    assert (refused.status_code, "Choose from the list." in refused.text) == (422, True)
    assert admin.post(URL, typed).status_code == 302
    # Nobody of a commercial plan is expected, so that which one it is says nothing.
    assert ModelFit.objects.get().answers["plans"] == {"medicaid": "wi_medicaid"}
    assert 'value="wi_medicaid" selected' in admin.get(URL).text


def test_a_book_that_is_not_in_force_yet_states_nothing() -> None:
    assert model_rates(date(2026, 3, 2), {"medicaid": "wi_medicaid"}) == model_rates(date(2026, 3, 2))
    assert rates_source(date(2026, 10, 1), {"medicaid": "nc_medicaid"}) == rates_source(date(2026, 10, 1))
    assert "Wisconsin Medicaid" in rates_source(date(2026, 10, 1), {"medicaid": "wi_medicaid"})


def test_sent_twice_it_is_one(admin: Client) -> None:
    for _ in range(2):
        admin.post(URL, TYPED)
    assert ModelFit.objects.count() == 1
    admin.post(URL, {**TYPED, "consultant_hours": "0"})
    assert [row["model"] for row in ModelFit.objects.order_by("id").values_list("advice", flat=True)] == ["cocm", "bhi"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"medicare_ffs": "40"}, "The shares add up to 90 percent. Make them 100."),
        ({"new_a_month": "61"}, "More new patients a month than patients at the same time"),
        ({"active": ""}, "This is a whole number from 1 to 20000."),
        ({"consultant_hours": "often"}, "Enter a number such as 1.5."),
        ({"registry": ""}, "Choose an answer."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(admin: Client, typed: dict[str, str], words: str) -> None:
    refused = admin.post(URL, {**TYPED, **typed})
    assert (refused.status_code, words in refused.text, 'value="6"' in refused.text or "61" in refused.text) == (
        422, True, True,
    )  # fmt: skip
    assert ModelFit.objects.count() == 0


def test_what_was_kept_reads_back_as_it_was(in_tenant: Any, membership: Callable[..., Any]) -> None:
    advice = advise(ANSWERS, model_rates(date(2026, 3, 2)))
    fit = keep_model_fit(by=membership("admin"), at=NOW, answers=ANSWERS, advice=advice, source="A schedule")
    shown = model_fit_shown(in_tenant.id, fit.id)
    assert (shown.answers, shown.advice, shown.source) == (ANSWERS, advice, "A schedule")
    assert (shown.advice.model, shown.shares) == (Model.BHI, "Medicare 60 %, Commercial 40 %")


def test_answers_that_cannot_be_are_not_kept(in_tenant: Any, membership: Callable[..., Any]) -> None:
    faulty = replace(ANSWERS, active=0, new_a_month=0)
    with pytest.raises(SetupRefused):
        keep_model_fit(by=membership("admin"), at=NOW, answers=faulty, advice=advise(ANSWERS, {}), source="")


def test_rates_are_those_of_the_schedule_in_force() -> None:
    rates = model_rates(date(2026, 3, 2))
    assert rates[("medicare_ffs", "99492")] == Decimal("160.32")
    assert {payer for payer, _ in rates} == {"medicare_ffs"}
    assert rates_source(date(2026, 3, 2)) == "Medicare physician fee schedule 2026, July release"
    assert (dict(model_rates(date(2020, 3, 2))), rates_source(date(2020, 3, 2))) == ({}, "")


def test_absent_advice_is_not_found(admin: Client) -> None:
    assert admin.get(f"{URL}{uuid4()}/").status_code == 404
