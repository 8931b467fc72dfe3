"""The web process: marked as one, so that settings give it the pool and no owner connection."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bhi.settings")
os.environ["BHI_PROCESS"] = "web"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from bhi.tenancy.startup import refuse_if_role_could_bypass  # noqa: E402

refuse_if_role_could_bypass()
