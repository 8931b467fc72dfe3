from django.urls import URLPattern, URLResolver, include, path

from bhi.audit import views as audit
from bhi.jobs import views as jobs
from bhi.web import views as web

organization: list[URLPattern | URLResolver] = [
    path("", web.enter, name="enter"),
    path("", include("registry.urls")),
    path("", include("caseload.urls")),
    path("billing/", include("billing.urls")),
    path("audit/", audit.audit, name="audit"),
    path("jobs/<uuid:job_id>/", jobs.progress, name="job_progress"),
]

urlpatterns = [
    path("", web.home, name="home"),
    path("healthz", web.healthz, name="healthz"),
    path("readyz", web.readyz, name="readyz"),
    path("accounts/", include("bhi.accounts.urls")),
    path("q/", include("registry.patient_urls")),
    path("d/", include("caseload.decision_urls")),
    path("", include("caseload.person_urls")),
    path("o/<slug:organization>/", include(organization)),
]

handler500 = "bhi.web.views.server_error"
