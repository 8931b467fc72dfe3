"""Of a payment that was set aside as none of ours it is not kept whose it is."""

import bhi.tenancy.constraints
from bhi.tenancy.together import Together
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0030_what_was_asked"),
    ]

    operations = [
        Together(
            [
                migrations.RemoveConstraint(
                    model_name="remittanceclaim",
                    name="billing_remittanceclaim_app",
                ),
                migrations.AddConstraint(
                    model_name="remittanceclaim",
                    constraint=bhi.tenancy.constraints.AppMayOnly(
                        name="billing_remittanceclaim_app",
                        update=("claim", "names", "unknown", "matched_at", "matched_by", "set_aside_because"),
                    ),
                ),
            ]
        ),
        migrations.RunSQL(
            "UPDATE billing_remittanceclaim SET names = '{}', unknown = '[]' WHERE set_aside_because <> ''",
            migrations.RunSQL.noop,
        ),
    ]
