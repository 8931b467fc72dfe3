"""The pages of the caseload, below /o/<organization>/."""

from django.urls import URLPattern, URLResolver, path

from caseload.views import caseload_list, charts, contacts, imports, settling

urlpatterns: list[URLPattern | URLResolver] = [
    path("caseload/", caseload_list.caseload, name="caseload"),
    path("caseload/search/", caseload_list.patient_search, name="patient_search"),
    path("patients/<uuid:patient_id>/", charts.chart, name="patient_chart"),
    path("patients/<uuid:patient_id>/contacts/new/", contacts.contact_new, name="contact_new"),
    path("patients/<uuid:patient_id>/contacts/preview/", contacts.contact_preview, name="contact_preview"),
    path("time/held/", settling.held_list, name="held_times"),
    path("time/<uuid:entry_id>/settle/", settling.time_settle, name="time_settle"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/<uuid:run_id>/", imports.import_run, name="import_run"),
    path("imports/<uuid:run_id>/correct/", imports.import_correct, name="import_correct"),
    path("imports/<uuid:run_id>/confirm/", imports.import_confirm, name="import_confirm"),
    path("imports/<uuid:run_id>/undo/", imports.import_undo, name="import_undo"),
]
