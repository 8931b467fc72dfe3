"""What treating clinicians open without an account, below /d/."""

from django.urls import path

from caseload.views import decision_links

urlpatterns = [
    path("<slug:token>/", decision_links.decide, name="decide"),
    path("<slug:token>/code/", decision_links.decide_code, name="decide_code"),
    path("<slug:token>/confirm/", decision_links.decide_confirm, name="decide_confirm"),
]
