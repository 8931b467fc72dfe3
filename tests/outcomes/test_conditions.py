"""Postgres and the rules say the same of every row, and count the same numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Case, F, IntegerField, Q, Value, When
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcomes.models import MeasuredAdvice, MeasuredEpisode, MeasuredReferral
from outcomes.queries.behind import facts_of
from outcomes.queries.conditions import CONDITIONS, with_days
from outcomes.queries.numbers import Only, numbers
from outcomes.rules.facts import AdviceFacts, EpisodeFacts, Facts, ReferralFacts
from outcomes.rules.groups import age_band
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import MEASURES
from outcomes.rules.numbers import number_of
from tests.factories.outcomes import (
    MeasuredAdviceFactory,
    MeasuredEpisodeFactory,
    MeasuredMonthFactory,
    MeasuredReferralFactory,
)
from tests.factories.tenancy import ClinicFactory
from tests.outcomes.rows import MONTHS, advice_rows, episode_rows, referral_rows
from tests.rules.outcomes.edges import MARCH, SHARES, VALUES

TABLES = {MeasuredEpisode: episode_rows, MeasuredReferral: referral_rows, MeasuredAdvice: advice_rows}
FACTORIES = {
    MeasuredEpisode: MeasuredEpisodeFactory,
    MeasuredReferral: MeasuredReferralFactory,
    MeasuredAdvice: MeasuredAdviceFactory,
}
FACTS = {MeasuredEpisode: EpisodeFacts, MeasuredReferral: ReferralFacts, MeasuredAdvice: AdviceFacts}
BEGAN = {MeasuredEpisode: "enrolled_on", MeasuredReferral: "referred_on", MeasuredAdvice: "proposed_on"}
MOST = 8


@dataclass
class Ground:
    """Months of an organization, and for each table rows that are filled anew with each example."""

    organization: Any
    heads: list[Any]
    rows: dict[Any, list[Any]]

    def fill(self, model: Any, drawn: list[dict[str, Any]], month: date | None = None) -> None:
        """With rows of either month in turn, or all of one."""
        for place, (row, columns) in enumerate(zip(self.rows[model], drawn, strict=False)):
            row.measured = self.heads[MONTHS.index(month) if month else place % 2]
            for name, value in columns.items():
                setattr(row, name, value)
        model.objects.bulk_create(self.rows[model][: len(drawn)])


@pytest.fixture
def ground(in_tenant: Any) -> Ground:
    clinics = [ClinicFactory(organization=in_tenant) for _ in range(2)]
    rows: dict[Any, list[Any]] = {}
    heads = [MeasuredMonthFactory(organization=in_tenant, month=month) for month in MONTHS]
    for model, made in FACTORIES.items():
        found = [
            made(organization=in_tenant, measured=heads[0], clinic=clinics[number % 3 % 2]) for number in range(MOST)
        ]
        model.objects.filter(organization=in_tenant).delete()
        rows[model] = found
    return Ground(in_tenant, heads, rows)


@st.composite
def drawn_rows(draw: st.DrawFn, model: Any) -> list[dict[str, Any]]:
    count = draw(st.integers(0, MOST))
    return [draw(TABLES[model](MONTHS[number % 2])) for number in range(count)]


def said_by_postgres(model: Any) -> list[dict[str, Any]]:
    """Every row with what each condition says of it."""
    rows = with_days(model.objects.order_by("id"))
    said: dict[str, Any] = {}
    for one in measures_of(model):
        condition = CONDITIONS[one.key]
        for what in ("scope", "counted", "met"):
            said[f"{one.key}_{what}"] = holds(getattr(condition, what))
        for what in ("value", "of", "hits"):
            said[f"{one.key}_{what}_is"] = getattr(condition, what) or Value(None, output_field=IntegerField())
    columns = [field.attname for field in model._meta.concrete_fields]
    return list(rows.annotate(**said, of_month=F("measured__month")).values(*columns, "of_month", *said))


def holds(condition: Q | None) -> Case:
    if not condition:
        return Case(default=1, output_field=IntegerField())
    return Case(When(condition, then=1), default=0, output_field=IntegerField())


def measures_of(model: Any) -> list[Measure]:
    return [one for one in MEASURES if CONDITIONS[one.key].model is model]


def counted_alone(model: Any) -> list[Measure]:
    """Those whose number needs nothing beside the rows: posts are told from elsewhere (see test_two_paths)."""
    return [one for one in measures_of(model) if one.kind is not Kind.PER_POST]


def compare(one: Measure, facts: Facts, row: dict[str, Any]) -> None:
    part = one.judge(facts)
    said = {what: row[f"{one.key}_{what}"] for what in ("scope", "counted", "met")}
    assert bool(said["scope"]) is (part.counted or bool(part.why)), (one.key, facts)
    assert bool(said["counted"]) is part.counted, (one.key, facts)
    if not part.counted:
        return
    assert bool(said["met"]) is part.met, (one.key, facts)
    assert row[f"{one.key}_value_is"] == part.value, (one.key, facts)
    assert (row[f"{one.key}_of_is"], part.of) in {(None, 1), (part.of, part.of)}, (one.key, facts)
    assert (row[f"{one.key}_hits_is"], part.hits) in {(None, None), (part.hits, part.hits)}, (one.key, facts)


GROUPS = {
    "clinic": lambda facts: facts.clinic_id,
    "program": lambda facts: facts.program,
    "language": lambda facts: facts.language,
    "payer_class": lambda facts: facts.payer_class,
    "sex": lambda facts: facts.sex,
    "age_band": lambda facts: age_band(facts.age),
    "payer": lambda facts: facts.payer_id,
}


def counted_by_rules(all_facts: list[Facts], model: Any, by: str) -> dict[tuple[date, Any, str], Any]:
    def group(facts: Facts) -> Any:
        if by == "cohort":
            return getattr(facts, BEGAN[model]).replace(day=1)
        return GROUPS[by](facts) if by else None

    # A referral has no program until somebody is enrolled.
    if by == "program" and model is MeasuredReferral:
        return {}
    places = {(facts.month, group(facts)) for facts in all_facts} | (
        set() if by else {(month, None) for month in MONTHS}
    )
    return {
        (month, place, one.key): number_of(
            one, [one.judge(facts) for facts in all_facts if (facts.month, group(facts)) == (month, place)]
        )
        for month, place in places
        for one in counted_alone(model)
    }


@pytest.fixture(params=list(TABLES), ids=lambda model: model.__name__)
def model(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("is_medicaid", [False, True])
def test_both_say_the_same_of_every_edge(ground: Ground, model: Any, is_medicaid: bool) -> None:
    kind = FACTS[model]
    rows = [
        asdict(replace(facts, is_medicaid=is_medicaid)) for _, facts, _ in [*SHARES, *VALUES] if isinstance(facts, kind)
    ]
    assert rows
    for drawn in batched(rows, MOST):
        mark = transaction.savepoint()
        ground.fill(model, [{name: row[name] for name in row if not name.endswith("_id")} for row in drawn], MARCH)
        said = said_by_postgres(model)
        assert len(said) == len(drawn)
        for row in said:
            for one in measures_of(model):
                compare(one, facts_of(row, row["of_month"], model), row)
        transaction.savepoint_rollback(mark)


def batched(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_say_the_same(ground: Ground, model: Any, data: st.DataObject) -> None:
    drawn = data.draw(drawn_rows(model))
    by = data.draw(st.sampled_from(("", "cohort", *GROUPS)))
    mark = transaction.savepoint()
    try:
        ground.fill(model, drawn)
        rows = said_by_postgres(model)
        all_facts = [facts_of(row, row["of_month"], model) for row in rows]
        for facts, row in zip(all_facts, rows, strict=True):
            for one in measures_of(model):
                compare(one, facts, row)
        keys = [one.key for one in counted_alone(model)]
        found = numbers(ground.organization.id, MONTHS, keys=keys, by=by)
        assert found == counted_by_rules(all_facts, model, by)
    finally:
        transaction.savepoint_rollback(mark)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_of_some_patients_only(ground: Ground, model: Any, data: st.DataObject) -> None:
    drawn = data.draw(drawn_rows(model))
    only, kept = data.draw(
        st.sampled_from(
            (
                (Only(program="cocm"), lambda facts: facts.program == "cocm" or isinstance(facts, ReferralFacts)),
                (Only(sex="F", language="Spanish"), lambda facts: (facts.sex, facts.language) == ("F", "Spanish")),
                (Only(age_band="12 to 17"), lambda facts: 12 <= facts.age <= 17),
                (
                    Only(age_band="65 and over", payer_class="medicaid"),
                    lambda facts: facts.age >= 65 and facts.payer_class == "medicaid",
                ),
                (
                    Only(cohort=date(2026, 1, 1)),
                    lambda facts: getattr(facts, BEGAN[model]).replace(day=1) == date(2026, 1, 1),
                ),
            )
        )
    )
    mark = transaction.savepoint()
    try:
        ground.fill(model, drawn)
        all_facts = [facts_of(row, row["of_month"], model) for row in said_by_postgres(model)]
        keys = [one.key for one in counted_alone(model)]
        found = numbers(ground.organization.id, MONTHS, keys=keys, only=only)
        assert found == counted_by_rules([facts for facts in all_facts if kept(facts)], model, "")
    finally:
        transaction.savepoint_rollback(mark)


def test_every_measure_has_its_condition() -> None:
    assert list(CONDITIONS) == [one.key for one in MEASURES]
    kinds = {"episode": MeasuredEpisode, "referral": MeasuredReferral, "advice": MeasuredAdvice}
    assert all(CONDITIONS[one.key].model is kinds[one.subject] for one in MEASURES)
