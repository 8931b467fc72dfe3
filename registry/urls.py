"""The pages of the registry, below /o/<organization>/."""

from django.urls import URLPattern, URLResolver, path

from registry.views import status

urlpatterns: list[URLPattern | URLResolver] = [
    # referrals
    # enrolment
    # patients
    # plans
    # status
    path("patients/<uuid:patient_id>/status/", status.episode_status, name="episode_status"),
    path("patients/<uuid:patient_id>/discharge/", status.discharge_patient, name="discharge"),
    path("patients/<uuid:patient_id>/reopen/", status.reopen, name="reopen"),
    path("patients/<uuid:patient_id>/hand-offs/new/", status.hand_off_new, name="hand_off_new"),
    path("patients/<uuid:patient_id>/hand-offs/<uuid:hand_off_id>/seen/", status.hand_off_seen, name="hand_off_seen"),
    # scores
    # questionnaires and safety
    # settings
]
