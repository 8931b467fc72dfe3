from django.urls import URLPattern, URLResolver, path

from outcomes.views import capacity, dashboard, editions, measures, own, reports, settings

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
    path("reports/", reports.outcome_reports, name="outcome_reports"),
    path("reports/new/", reports.outcome_report_new, name="outcome_report_new"),
    path("reports/preview/", reports.report_preview, name="report_preview"),
    path("reports/monthly/", reports.report_schedules, name="report_schedules"),
    path("reports/monthly/<uuid:schedule_id>/stop/", reports.report_schedule_stop, name="report_schedule_stop"),
    path("reports/<uuid:report_id>/", reports.outcome_report, name="outcome_report"),
    path("reports/<uuid:report_id>/<slug:form>/", reports.outcome_report_file, name="outcome_report_file"),
    path("months/", editions.measured_months_page, name="measured_months"),
    path("months/<slug:month>/", editions.measured_month_page, name="measured_month"),
    path("months/<slug:month>/again/", editions.further_edition_new, name="further_edition"),
    path("settings/", settings.outcome_settings, name="outcome_settings"),
    path("settings/targets/", settings.outcome_targets, name="outcome_targets"),
    path("settings/shares/", settings.work_shares, name="work_shares"),
    path("settings/rates/", settings.consultant_rates, name="consultant_rates"),
    path("settings/payers/", settings.payer_classes, name="payer_classes"),
    path("settings/<slug:kind>/<uuid:fact_id>/back/", settings.outcome_setting_back, name="outcome_setting_back"),
]
