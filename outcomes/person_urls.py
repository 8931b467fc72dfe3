"""Pages of a person across their organizations."""

from django.urls import path

from outcomes.views import everywhere

urlpatterns = [path("outcomes/", everywhere.outcomes_everywhere, name="outcomes_everywhere")]
