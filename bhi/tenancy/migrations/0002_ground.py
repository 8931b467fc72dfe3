"""What later tables stand on: the index type of the overlap constraint."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]
    run_before = [("caseload", "0001_initial")]
    operations = [BtreeGistExtension()]
