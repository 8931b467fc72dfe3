"""What is known of a patient's other services is not taken back from under a closed month that bills, unless late."""

from importlib import import_module

from django.db import migrations

document_trigger = import_module("billing.migrations.0006_closed_months_stay").document_trigger

# An alignment has no day: it serves every month, so its column of a day is none.
UNDATED = "on"


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_coders_decide")]
    operations = [
        document_trigger("billing_otherservice", "month", "patient_id", "within"),
        document_trigger("billing_priorservice", "month", "patient_id", "from"),
        document_trigger("billing_accessalignment", UNDATED, "patient_id", "from"),
    ]
