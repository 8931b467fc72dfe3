"""A freshly migrated database has a whole wall, by its catalogue and by trying."""

import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from bhi.tenancy.base import TenantModel
from bhi.tenancy.catalogue import Finding, findings
from bhi.tenancy.catalogue_facts import read_facts
from bhi.tenancy.constraints import AppMayOnly, TenantFK, TenantRLS
from bhi.tenancy.expected import GLOBAL_TABLES, expected_tables
from bhi.tenancy.fields import TenantForeignKey
from tests.factories.everything import factory_of, tenant_models
from tests.walls import probes

TENANT_TABLES = sorted(table.name for table in expected_tables() if table.is_tenant)


def test_the_wall_is_whole(db):
    with connection.cursor() as cursor:
        assert findings(read_facts(cursor), expected_tables()) == []


def test_an_operator_is_told_so(db):
    printed = StringIO()
    call_command("check_tenancy", stdout=printed)
    assert printed.getvalue() == "The wall is whole.\n"


def test_an_operator_is_told_of_a_hole_and_the_command_fails(db, monkeypatch):
    monkeypatch.setattr(
        "bhi.tenancy.management.commands.check_tenancy.findings", lambda *_: [Finding("wall", "t", "is open")]
    )
    printed = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_tenancy", "--json", stdout=printed)
    assert ended.value.code == 1
    assert json.loads(printed.getvalue()) == {"findings": [{"kind": "wall", "where": "t", "what": "is open"}]}
    printed = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_tenancy", stdout=printed)
    assert printed.getvalue() == "wall: t is open\n1 findings.\n"


def test_the_catalogue_sees_every_table_and_nothing_is_in_both_lists(db):
    with connection.cursor() as cursor:
        present = {relation.name for relation in read_facts(cursor).relations if relation.is_table}
    assert present == set(TENANT_TABLES) | GLOBAL_TABLES.keys()
    assert set(TENANT_TABLES) & GLOBAL_TABLES.keys() == set()


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model._meta.label)
def test_a_tenant_model_declares_its_wall(model):
    constraints = model._meta.constraints
    references = {field.name for field in model._meta.local_fields if isinstance(field, TenantForeignKey)}
    assert [type(one) for one in constraints].count(TenantRLS) == 1
    assert {one.field for one in constraints if isinstance(one, TenantFK)} == references
    assert model in factory_of()


def test_a_model_outside_the_wall_is_listed_with_a_reason():
    outside = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and not issubclass(model, TenantModel)
        and not any(isinstance(one, TenantRLS) for one in model._meta.constraints)
    }
    assert outside - GLOBAL_TABLES.keys() == set()
    assert [name for name, (_, reason) in GLOBAL_TABLES.items() if not reason] == []


def test_history_can_only_grow():
    histories = [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]
    assert [model._meta.db_table for model in histories if not _only_grows(model)] == []


def _only_grows(model):
    return [one.update for one in model._meta.constraints if isinstance(one, AppMayOnly)] == [()]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_nobody_sees_or_writes_another_organizations_rows(scratch, table):
    assert probes.organizations_seen(scratch, table) == {scratch.mine}
    assert probes.answer_to_writing_for_another(scratch, table) == probes.refused_by_policy(table)


def test_no_row_can_point_at_another_organizations(scratch):
    keys = probes.composite_keys(scratch)
    assert len(keys) > 60
    answers = {f"{key.table}.{key.name}": probes.sqlstate_of_pointing_elsewhere(scratch, key) for key in keys}
    assert answers == dict.fromkeys(answers, "23503")
