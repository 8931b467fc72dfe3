"""Pages of a person across their organizations."""

from django.urls import path

from caseload.views import reviews_everywhere, today_everywhere

urlpatterns = [
    path("reviews/", reviews_everywhere.reviews_everywhere, name="reviews_everywhere"),
    path("today/", today_everywhere.today_everywhere, name="today_everywhere"),
]
