"""A restore drill over the demonstration: everything that the product can hold, backed up, restored beside and used."""

import time

import pytest
from django.utils import timezone

from bhi.backups.drill import drill
from bhi.backups.taking import take_backup
from billing.operations.demonstration import load_demonstration
from tests import databases
from tests.battery.own_cluster import KEY


@pytest.mark.django_db(transaction=True, databases=["default", "owner", "maintenance"])
def test_the_demonstration_comes_back_from_its_backup(tmp_path, figure):
    load_demonstration(password="cedar-of-the-drill", at=timezone.now())
    file = tmp_path / "20261122T030000Z.bhi"
    began = time.monotonic()
    with file.open("wb") as sink:
        manifest, size = take_backup(sink, secret=KEY, at=timezone.now())
    figure(f"backup: rows, {size / 1e6:.1f} MB", manifest.total_rows, 0, time.monotonic() - began)
    done = drill(file, keys=(KEY,), admin_url=databases.admin_url(), at=timezone.now())
    for step in done.steps:
        figure(f"restore drill: {step.what}", manifest.total_rows, len(step.faults), step.seconds)
    assert [step.faults for step in done.steps] == [()] * 7
    assert manifest.rows["registry_patient"] > 40
