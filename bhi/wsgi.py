"""The web process: marked as one, so that settings give it the pool and no owner connection."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bhi.settings")
os.environ["BHI_PROCESS"] = "web"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from bhi.tenancy.startup import RoleCouldBypass, refuse_if_role_could_bypass  # noqa: E402

try:
    refuse_if_role_could_bypass()
except RoleCouldBypass as refusal:
    # The log says no exception's words; this one's are for the operator.
    print(refusal, file=sys.stderr)
    raise
