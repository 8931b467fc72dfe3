"""The product's addresses and the two that it is measured against."""

from django.urls import path

from bench import views
from bhi import urls as product_urls

urlpatterns = [
    path("o/<slug:organization>/bench/empty/", views.empty, name="bench_empty"),
    path("o/<slug:organization>/bench/insert/<uuid:episode_id>/", views.insert, name="bench_insert"),
    *product_urls.urlpatterns,
]

handler500 = product_urls.handler500
