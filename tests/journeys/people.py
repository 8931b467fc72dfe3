"""Whom a journey is about: chosen by what is on record of them, and nobody for two journeys.

A journey that took the first row of a list would depend on the hour and on what the journeys before it left.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from playwright.sync_api import Page

from tests.journeys.conftest import Site

# In the order in which they came: the demonstration's own, and only then what a journey imports.
ENROLLED = """
    SELECT p.id, p.family_name, p.clinic_id
      FROM caseload_episodestanding s
      JOIN registry_patient p ON p.id = s.patient_id
      JOIN tenancy_organization o ON o.id = s.organization_id
     WHERE o.slug = 'demo' AND s.status = 'active' AND p.id <> ALL(%s) AND ({who})
     ORDER BY p.id
"""
CONSENTED = "EXISTS (SELECT FROM registry_consent c WHERE c.patient_id = s.patient_id"
CONSENTED += " AND c.voided_at IS NULL AND c.revoked_on IS NULL)"
# What an import brought has no number.
WITHOUT_PLAN = "NOT EXISTS (SELECT FROM registry_careplan c WHERE c.episode_id = s.episode_id AND c.number IS NOT NULL)"


@dataclass(frozen=True)
class Person:
    """A patient of the demonstration."""

    id: UUID
    family_name: str
    clinic_id: UUID

    @property
    def chart(self) -> str:
        """The path of the chart within the organization."""
        return f"patients/{self.id}/"


def somebody(site: Site, *, who: str = CONSENTED, among: Collection[UUID] | None = None) -> Person:
    """An active patient for this journey alone, who consented unless something else is asked for; `among` these."""
    untaken = [Person(*row) for row in site.ask(ENROLLED.format(who=who), site.taken)]
    found = [person for person in untaken if among is None or person.id in among]
    assert found, f"everybody is taken of whom holds: {who}"
    site.taken.append(found[0].id)
    return found[0]


def listed(page: Page) -> list[UUID]:
    """Whose charts the page of the list leads to."""
    hrefs = page.locator("tbody a.row-link").evaluate_all("links => links.map(link => link.pathname)")
    return [UUID(href.rstrip("/").split("/")[-1]) for href in hrefs]
