"""The pages of the registry, below /o/<organization>/."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    # referrals
    # enrolment
    # patients
    # plans
    # status
    # scores
    # questionnaires and safety
    # settings
]
