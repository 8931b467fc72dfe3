from django.urls import URLPattern, URLResolver, include, path

from bhi.accounts.views import invitations
from bhi.accounts.views.person_sign_in import person_sign_in
from bhi.accounts.views.screen_lock import screen_lock
from bhi.accounts.views.single_sign_on import single_sign_on
from bhi.jobs import views as jobs
from bhi.watching import views as watching
from bhi.web import views as web
from billing.views.end_of_work import end_of_work
from registry.views import audit

organization: list[URLPattern | URLResolver] = [
    path("", web.enter, name="enter"),
    path("", include("registry.urls")),
    path("", include("caseload.urls")),
    path("billing/", include("billing.urls")),
    path("outcomes/", include("outcomes.urls")),
    path("people/<uuid:seat_id>/end/", end_of_work, name="end_work"),
    path("people/", include("bhi.accounts.organization_urls")),
    path("people/single-sign-on/", single_sign_on, name="single_sign_on"),
    path("people/screen-lock/", screen_lock, name="screen_lock"),
    path("people/<uuid:seat_id>/sign-in/", person_sign_in, name="person_sign_in"),
    path("audit/", audit.audit, name="audit"),
    path("audit/seen/", audit.seen, name="audit_seen"),
    path("audit/seen/list/", audit.ask_list, name="audit_list"),
    path("audit/seen/list/<uuid:job_id>/", audit.making, name="audit_making"),
    path("audit/seen/list/<uuid:job_id>/file/", audit.download, name="audit_file"),
    path("jobs/<uuid:job_id>/", jobs.progress, name="job_progress"),
]

urlpatterns = [
    path("", web.home, name="home"),
    path("healthz", web.healthz, name="healthz"),
    path("readyz", web.readyz, name="readyz"),
    path("metrics", watching.metrics, name="metrics"),
    path("accounts/", include("bhi.accounts.urls")),
    path("platform/", include("bhi.accounts.platform_urls")),
    path("invited/<slug:token>/", invitations.invited, name="invited"),
    path("q/", include("registry.patient_urls")),
    path("x/", include("outcomes.patient_urls")),
    path("d/", include("caseload.decision_urls")),
    path("", include("caseload.person_urls")),
    path("", include("outcomes.person_urls")),
    path("o/<slug:organization>/", include(organization)),
]

handler500 = "bhi.web.views.server_error"
