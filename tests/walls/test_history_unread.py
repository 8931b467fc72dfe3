"""Histories of rows about patients are evidence: no page reads them, but through the row that is there now.

Their tables are walled by organization and append-only, but have no policy of sight (docs/adr/0036): a past version
says where a row belonged then, and the limits of a seat are worked out for what is there now. What a page tells of the
past it tells from facts that were voided, which follow the patient.
"""

import ast
import re
from pathlib import Path

import pytest

from bhi.tenancy.expected import expected_tables
from bhi.tenancy.sight import looking_as
from billing.queries.settings_history import TABLES as BILLING
from caseload.queries.settings_history import TABLES as WORK
from registry.queries.settings_history import TABLES as REGISTRY
from registry.queries.treating import treating_before
from tests.factories.everything import tenant_models
from tests.factories.going_live import SeatClinicFactory
from tests.factories.registry import EpisodeFactory, TreatingClinicianFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory

ROOT = Path(__file__).resolve().parents[2]
ABOUT_PATIENTS = {table.name for table in expected_tables() if table.sight}
KEPT = {
    model._meta.db_table: model.pgh_event_model._meta.db_table
    for model in tenant_models()
    if model._meta.db_table in ABOUT_PATIENTS and hasattr(model, "pgh_event_model")
}
VERSIONS = {model.pgh_event_model.__name__ for model in tenant_models() if model._meta.db_table in KEPT}
ALLOWED = {
    "billing/queries/release_pages.py": "how an organization lets months go: about no patient",
    "registry/queries/treating.py": "joined to the episode itself, which follows its patient: tested below",
}
SOURCES = sorted(
    str(path.relative_to(ROOT))
    for app in ("bhi", "registry", "caseload", "billing", "outcomes")
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts
)


def texts_and_names(source: str) -> list[str]:
    """Every string, attribute and name of a module, but for what only documents it."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in said]
    named = [getattr(node, "attr", "") or getattr(node, "id", "") for node in ast.walk(tree)]
    return [text for text in (*found, *named) if isinstance(text, str)]


def reads_history(source: str) -> list[str]:
    """What in a module could reach a history of patients: its table's name, or the model of versions."""
    words = "|".join([*KEPT.values(), *VERSIONS, "pgh_event_model"])
    return sorted({found for text in texts_and_names(source) for found in re.findall(rf"\b({words})\b", text)})


def test_there_are_histories_of_patients() -> None:
    assert {"registry_patient", "registry_episode", "caseload_timeentry"} <= set(KEPT)


@pytest.mark.parametrize("path", SOURCES)
def test_no_module_reads_them(path: str) -> None:
    assert bool(reads_history((ROOT / path).read_text())) is (path in ALLOWED)


def test_one_that_did_would_be_found() -> None:
    for planted in (
        "Patient.pgh_event_model.objects.all()",
        "cursor.execute('SELECT * FROM registry_patient_history')",
        "apps.get_model('registry', 'PatientEvent')",
    ):
        assert reads_history(planted) != []


def test_the_page_of_settings_reads_none_of_them() -> None:
    """It names its tables as data, and adds the word itself."""
    assert {table.table for tables in (REGISTRY, WORK, BILLING) for table in tables} & set(KEPT) == set()


@pytest.mark.django_db
def test_who_treated_earlier_is_told_of_enrolments_that_one_sees(organization, in_tenant, now) -> None:
    episode = EpisodeFactory(organization=organization)
    episode.treating_clinician = TreatingClinicianFactory(organization=organization)
    episode.save()
    seat = MembershipFactory(organization=organization, roles=["care_manager"])
    for elsewhere in (False, True):
        if elsewhere:
            other = ClinicFactory(organization=organization)
            SeatClinicFactory(organization=organization, seat=seat, clinic=other)
        with looking_as(seat, now):
            assert bool(treating_before(organization.id, {episode.id: now})) is not elsewhere
