"""Every migration is taken back and made again, which takes a minute."""

from django.core.management import call_command

from bhi.tenancy.catalogue import findings
from bhi.tenancy.expected import expected_tables
from tests.walls.test_migrations import facts_of, lasting


def test_grants_and_triggers_go_and_come_back(elsewhere):
    """All that is beyond each app's first tables is taken back and made again: the same wall stands."""
    before = facts_of(elsewhere)
    for app in ("outcomes", "billing", "caseload", "registry", "jobs", "audit"):
        call_command("migrate", app, "0001", skip_checks=True, verbosity=0)
    kinds = {finding.kind for finding in findings(facts_of(elsewhere), expected_tables())}
    assert {"grant", "missing"} <= kinds
    call_command("migrate", skip_checks=True, verbosity=0)
    assert findings(facts_of(elsewhere), expected_tables()) == []
    assert set(facts_of(elsewhere).grants) == set(before.grants)
    assert lasting(facts_of(elsewhere)) == lasting(before)
