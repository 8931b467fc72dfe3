from django.urls import URLPattern, URLResolver, path

from outcomes.views import capacity, dashboard, measures, own

urlpatterns: list[URLPattern | URLResolver] = [
    path("", dashboard.outcomes, name="outcomes"),
    path("measures/", dashboard.measures, name="measures"),
    path("measures/<slug:key>/", measures.measure_page, name="measure"),
    path("measures/<slug:key>/patients/", measures.measure_patients, name="measure_patients"),
    path("mine/", own.own_outcomes, name="own_outcomes"),
    path("mine/<slug:key>/", measures.own_measure, name="own_measure"),
    path("measuring/", dashboard.measure_now, name="measure_now"),
    path("measuring/<uuid:job_id>/", dashboard.measure_making, name="measure_making"),
    path("capacity/", capacity.capacity_page, name="capacity"),
]
