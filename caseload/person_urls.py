"""Pages of a person across their organizations, below /reviews/."""

from django.urls import path

from caseload.views import reviews_everywhere

urlpatterns = [path("", reviews_everywhere.reviews_everywhere, name="reviews_everywhere")]
