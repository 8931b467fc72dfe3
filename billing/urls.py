"""Below /o/<organization>/billing/."""

from django.urls import path, register_converter

from billing.views import batches, closing, months


class MonthConverter:
    """A month as `2026-10`; anything else is not found."""

    regex = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(MonthConverter, "month")

urlpatterns = [
    path("months/", months.current_month, name="current_month"),
    path("months/<month:month>/", months.month, name="month"),
    path("months/<month:month>/episodes/<uuid:episode_id>/", months.month_row, name="month_row"),
    path("months/<month:month>/batches/new/", batches.batch_new, name="batch_new"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/", closing.month_close, name="month_close"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/exceptions/", closing.month_exception, name="month_exception"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/corrections/", closing.month_correct, name="month_correct"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/reopening/", closing.month_reopen, name="month_reopen"),
    path("batches/", batches.batches, name="batches"),
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/file/", batches.batch_file, name="batch_file"),
]
