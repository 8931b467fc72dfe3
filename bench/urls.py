"""The product's addresses and the two that it is measured against."""

from django.urls import path

from bench import views
from bhi.urls import handler500 as handler500
from bhi.urls import urlpatterns as product

urlpatterns = [
    path("o/<slug:organization>/bench/empty/", views.empty, name="bench_empty"),
    path("o/<slug:organization>/bench/insert/<uuid:episode_id>/", views.insert, name="bench_insert"),
    *product,
]
