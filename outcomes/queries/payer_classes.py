"""What kind of coverage each payer is."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from billing.queries.payers import payers
from outcomes.models import PayerClassed
from outcomes.rules.payer_classes import class_of


def payer_classes(organization_id: UUID, on: date) -> dict[UUID, str]:
    """The class of every payer of an organization on a day: as somebody said, else as its rules and its name tell.

    Two statements.
    """
    said = dict(
        PayerClassed.objects.filter(organization_id=organization_id).values_list("payer_id", "payer_class").order_by()
    )
    known = payers(organization_id)
    return {
        payer_id: said.get(payer_id) or class_of(one.name, one.rules_on(on).family, is_self_pay=one.is_self_pay)
        for payer_id, one in known.items()
    }
