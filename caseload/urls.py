"""The pages of the caseload, below /o/<organization>/."""

from django.urls import URLPattern, URLResolver, path

from caseload.views import imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("imports/", imports.import_list, name="imports"),
    path("imports/<uuid:run_id>/", imports.import_run, name="import_run"),
    path("imports/<uuid:run_id>/correct/", imports.import_correct, name="import_correct"),
    path("imports/<uuid:run_id>/confirm/", imports.import_confirm, name="import_confirm"),
    path("imports/<uuid:run_id>/undo/", imports.import_undo, name="import_undo"),
]
