"""The pages of the caseload, below /o/<organization>/."""

from django.urls import URLPattern, URLResolver, path

from caseload.views import caseload_list, charts, contacts, imports, searches, settling, timers, today, today_acts
from caseload.views import import_choices as choices

urlpatterns: list[URLPattern | URLResolver] = [
    path("today/", today.today, name="today"),
    path("today/narrow/", today.today_narrow, name="today_narrow"),
    path("today/put-off/<uuid:snooze_id>/end/", today_acts.snooze_end, name="snooze_end"),
    path("patients/<uuid:patient_id>/attempt/", today_acts.attempt_new, name="attempt_new"),
    path("patients/<uuid:patient_id>/follow-up/", today_acts.follow_up, name="follow_up"),
    path("patients/<uuid:patient_id>/put-off/", today_acts.snooze_new, name="snooze_new"),
    path("caseload/", caseload_list.caseload, name="caseload"),
    path("caseload/search/", searches.patient_search, name="patient_search"),
    path("caseload/print/", caseload_list.caseload_print, name="caseload_print"),
    path("caseload/file/", caseload_list.caseload_export, name="caseload_export"),
    path("caseload/views/", caseload_list.caseload_view_save, name="caseload_view_save"),
    path("caseload/views/<uuid:view_id>/delete/", caseload_list.caseload_view_delete, name="caseload_view_delete"),
    path("patients/<uuid:patient_id>/", charts.chart, name="patient_chart"),
    path("patients/<uuid:patient_id>/contacts/new/", contacts.contact_new, name="contact_new"),
    path("patients/<uuid:patient_id>/contacts/preview/", contacts.contact_preview, name="contact_preview"),
    path("patients/<uuid:patient_id>/timer/start/", timers.timer_start, name="timer_start"),
    path("timers/", timers.timers, name="timers"),
    path("timers/<uuid:timer_id>/", timers.timer, name="timer"),
    path("timers/<uuid:timer_id>/mark/", timers.timer_mark, name="timer_mark"),
    path("timers/<uuid:timer_id>/stop/", timers.timer_stop, name="timer_stop"),
    path("timers/<uuid:timer_id>/let-go/", timers.timer_let_go, name="timer_let_go"),
    path("time/held/", settling.held_list, name="held_times"),
    path("time/<uuid:entry_id>/settle/", settling.time_settle, name="time_settle"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/<uuid:run_id>/", imports.import_run, name="import_run"),
    path("imports/<uuid:run_id>/correct/", imports.import_correct, name="import_correct"),
    path("imports/<uuid:run_id>/confirm/", imports.import_confirm, name="import_confirm"),
    path("imports/<uuid:run_id>/undo/", imports.import_undo, name="import_undo"),
    path("imports/<uuid:run_id>/answer/", choices.import_answer, name="import_answer"),
    path("imports/<uuid:run_id>/unenrolled/", choices.import_unenrolled, name="import_unenrolled"),
    path("imports/<uuid:run_id>/follow/", choices.import_follow, name="import_follow"),
    path("imports/<uuid:run_id>/mapping/", choices.import_mapping_save, name="import_mapping_save"),
    path("imports/mappings/", choices.import_mappings, name="import_mappings"),
    path("imports/mappings/<uuid:mapping_id>/rename/", choices.import_mapping_rename, name="import_mapping_rename"),
    path("imports/mappings/<uuid:mapping_id>/delete/", choices.import_mapping_delete, name="import_mapping_delete"),
]
