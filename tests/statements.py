"""Which statements are a page's own: the frame's are pinned by the test of an empty page."""

from collections.abc import Iterable, Mapping

# Savepoints, tenant, session, person, seat, audit, what the seat may see, and the timer that may be running.
FRAME = (
    "SAVEPOINT",
    "set_config",
    "django_session",
    "accounts_user",
    "audit_event",
    "tenancy_organization",
    "caseload_timer",
    "WITH RECURSIVE kept (patient_id)",  # what the seat may see
    "registry_patient AS on_paper",  # whether what is printed carries the notice of 42 CFR part 2
    "count(*) = 0 OR bool_or(coalesce(p.program",  # whether any clinic of the seat has reviews
)


def own(queries: Iterable[Mapping[str, str]]) -> list[str]:
    """The SQL of a page's own statements."""
    return [query["sql"] for query in queries if not any(part in query["sql"] for part in FRAME)]
