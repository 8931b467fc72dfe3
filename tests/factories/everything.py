"""The factory of each table, and one row of everything."""

from django.apps import apps
from django.db import models
from factory.django import DjangoModelFactory

from bhi.tenancy.base import TenantModel
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization
from registry.models import Fact
from tests.factories import (
    billing,
    caseload,
    claims,
    files,
    going_live,
    outcomes,
    program,
    registry,
    reviews,
    risk,
    tenancy,
    work,
)

# What to change in a table that is no Fact, so that it leaves a version behind.
_CHANGES: dict[str, dict[str, object]] = {
    "accounts.ScreenLock": {"idle_minutes": 5},
    "accounts.SingleSignOn": {"is_required": True},
    "billing.BillingProvider": {"is_test": False},
    "billing.ChargeColumns": {"columns": [["code", "CPT"]]},
    "billing.Denial": {"note": "Kim calls the payer."},
    "billing.PayerRoute": {"filing_days": 180},
    "billing.Receiver": {"is_in_use": False},
    "billing.Refund": {"related": "None found."},
    "billing.ClinicianYear": {"is_qualifying": False},
    "billing.PayerProfile": {"withdrawn_because": "Read in the wrong contract."},
    "billing.ReleaseMode": {"mode": "note"},
    "billing.MonthException": {"note": "Kim looks at it."},
    "caseload.LetterTemplate": {"body": "We tried to call you twice."},
    "caseload.NoteTemplate": {"is_in_use": False},
    "caseload.ReviewProtocol": {"other_told_days": 10},
    "caseload.ReviewSlot": {"places": 10},
    "caseload.Supervision": {"is_current": False},
    "caseload.WorkProtocol": {"cap_minutes": 80},
    "outcomes.OutcomeSettings": {"mask_under": 5},
    "outcomes.PayerClassed": {"payer_class": "commercial"},
    "outcomes.ReportSchedule": {"is_current": False},
    "registry.ClinicInstrument": {"is_in_use": False},
    "registry.ClinicProtocol": {"panel_limit": 60},
    "registry.DutyTurn": {"is_current": False},
    "tenancy.Clinic": {"phone": "555-0100"},
    "registry.RiskProtocol": {"after_hours": "Call the hospital's operator."},
}
_MODULES = (tenancy, files, registry, program, risk, caseload, work, reviews, billing, claims, going_live, outcomes)


def tenant_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def factory_of() -> dict[type[models.Model], type[DjangoModelFactory]]:
    """The first factory of each model, in the order of the modules."""
    found: dict[type[models.Model], type[DjangoModelFactory]] = {}
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, DjangoModelFactory) and not value._meta.abstract:
                found.setdefault(value._meta.model, value)
    return found


def fill(organization: Organization) -> None:
    """At least one row in every tenant table, history tables included."""
    factories = factory_of()
    with tenant(organization):
        for model in tenant_models():
            factories[model](organization=organization)
        for model in apps.get_models():
            if issubclass(model, Fact) and hasattr(model, "pgh_event_model"):
                # Voided, so that a version of it is kept; the rows made above stay as they are.
                row = factories[model](organization=organization)
                model.objects.filter(id=row.id).update(voided_at=tenancy.NOW, voided_by=row.recorded_by)
        for label, change in _CHANGES.items():
            apps.get_model(label)._default_manager.update(**change)
