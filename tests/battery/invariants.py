"""What must hold after any fault, asked of the whole database as the owner: each count is of violations."""

from __future__ import annotations

from django.db import connections

from bhi.audit.chain import chain_fault
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization
from billing.operations.service_months import verify_service_months

RULES = {
    "one person's minutes overlap for two patients": """
        SELECT count(*) FROM caseload_timeentry a JOIN caseload_timeentry b
            ON b.organization_id = a.organization_id AND b.by_id = a.by_id AND b.patient_id <> a.patient_id
            AND b.id > a.id AND b.span && a.span
        WHERE a.voided_at IS NULL AND b.voided_at IS NULL AND NOT a.held AND NOT b.held
    """,
    "an entry after the close, without a reason": """
        SELECT count(*) FROM caseload_timeentry e
        JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
        JOIN billing_monthclose c ON c.organization_id = e.organization_id AND c.clinic_id = p.clinic_id
            AND c.reopened_at IS NULL AND e.span && tstzrange(c.starts_at, c.ends_at)
        WHERE e.recorded_at > c.closed_at AND NOT EXISTS (
            SELECT FROM billing_latechange l WHERE l.organization_id = e.organization_id AND l.object_id = e.id)
    """,
    "a month frozen twice by one close": """
        SELECT count(*) FROM (SELECT FROM billing_frozenmonth WHERE because = ''
            GROUP BY organization_id, close_id, episode_id, month HAVING count(*) > 1) AS twice
    """,
    "a claim exported twice": """
        SELECT count(*) FROM (SELECT FROM billing_claim WHERE NOT is_superseded
            GROUP BY organization_id, patient_id, month, family HAVING count(*) > 1) AS twice
    """,
    "a batch that is not what its file holds": """
        SELECT count(*) FROM billing_batch b WHERE b.claim_count <> (
            SELECT count(*) FROM billing_claim c WHERE c.organization_id = b.organization_id AND c.batch_id = b.id)
    """,
    "a job that did not end": "SELECT count(*) FROM jobs_job WHERE state <> 'done'",
    "a job whose lease was left": "SELECT count(*) FROM jobs_job WHERE lease_until IS NOT NULL",
    "a form kept twice": """
        SELECT count(*) FROM (SELECT FROM caseload_timeentry
            GROUP BY organization_id, client_token HAVING count(*) > 1) AS twice
    """,
}


def violations() -> dict[str, int]:
    """Every rule that does not hold, with how often."""
    found = {}
    with connections["owner"].cursor() as cursor:
        for rule, sql in RULES.items():
            cursor.execute(sql)
            found[rule] = cursor.fetchone()[0]
    for organization in Organization.objects.all():
        with tenant(organization):
            found[f"{organization.slug}: a sum that is not what its entries say"] = len(
                verify_service_months(organization_id=organization.id)
            )
            found[f"{organization.slug}: the audit's chain is broken"] = int(chain_fault(organization.id) is not None)
    return {rule: count for rule, count in found.items() if count}


def broken_but_for_jobs() -> dict[str, int]:
    """The same where no worker runs: jobs wait, and sums are of months that they would add up."""
    return {
        rule: count
        for rule, count in violations().items()
        if not rule.startswith("a job") and not rule.endswith("a sum that is not what its entries say")
    }
