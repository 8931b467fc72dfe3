"""The pages of the registry, below /o/<organization>/."""

from django.urls import URLPattern, URLResolver, path

from registry.views import assessments, status

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
    path("patients/<uuid:patient_id>/scores/", assessments.assessments, name="assessments"),
    path("patients/<uuid:patient_id>/scores/new/", assessments.assessment_new, name="assessment_new"),
    path("patients/<uuid:patient_id>/scores/<uuid:assessment_id>/", assessments.assessment, name="assessment"),
    path(
        "patients/<uuid:patient_id>/scores/<uuid:assessment_id>/replace/",
        assessments.assessment_replace,
        name="assessment_replace",
    ),
    # questionnaires and safety
    # settings
]
