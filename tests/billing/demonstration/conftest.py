"""The demonstration, loaded once for the tests of this folder: it takes half a minute.

A folder with an `__init__.py` is a package to pytest, and its fixtures end where its tests do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization
from billing.operations.demonstration import load_demonstration
from tests.billing.demonstration.day import AT


@pytest.fixture(scope="package")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[Organization]:
    """In a transaction that is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert load_demonstration(password="a long enough word", at=AT)
        yield Organization.objects.get(slug="demo")
        transaction.set_rollback(True)


@pytest.fixture
def demonstration(loaded: Organization, django_db_blocker: Any) -> Iterator[Organization]:
    """As it was loaded, within its tenant: what a test changes is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        with tenant(loaded):
            yield loaded
        transaction.set_rollback(True)
