"""The patients whom a practice's list of charges could mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import CharField, F, Func, Q, Value

from billing.rules.charge_people import ChargePeople, KnownPerson
from registry.models import Patient, RecordNumber
from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name


def charge_people(organization_id: UUID, *, mrns: Iterable[str], families: Iterable[str]) -> ChargePeople:
    """Everybody with one of the record numbers (leading zeros apart, also another clinic's or a merged record's) or
    family names. Two statements, whatever the file's length.
    """
    numbers = sorted({bare_mrn(mrn) for mrn in mrns} - {""})
    names = sorted({sort_name(family, "") for family in families} - {""})
    bare = Func(F("mrn"), Value("0"), function="ltrim", output_field=CharField())
    family = Func(F("sort_name"), Value(","), Value(1), function="split_part", output_field=CharField())
    others = RecordNumber.objects.live().filter(organization_id=organization_id)
    alike = Q(bare__in=numbers) | Q(family__in=names)
    also = Q(id__in=others.annotate(bare=bare).filter(bare__in=numbers).values("patient_id"))
    rows = Patient.objects.live().filter(organization_id=organization_id).annotate(bare=bare, family=family)
    people = list(
        rows.filter(alike | also).values_list("id", "family_name", "given_name", "birth_date", "mrn").order_by("id")
    )
    more: dict[UUID, set[str]] = defaultdict(set)
    for patient_id, mrn in others.filter(patient_id__in=[row[0] for row in people]).values_list("patient_id", "mrn"):
        more[patient_id].add(mrn)
    return ChargePeople(
        tuple(
            KnownPerson(id_, family_name, given_name, birth_date, frozenset({mrn, *more[id_]} - {""}))
            for id_, family_name, given_name, birth_date, mrn in people
        )
    )
