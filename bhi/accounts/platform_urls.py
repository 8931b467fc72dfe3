"""Pages of platform staff, below /platform/."""

from django.urls import path

from bhi.accounts.views import platform

urlpatterns = [
    path("", platform.platform, name="platform"),
    path("new/", platform.platform_new, name="platform_new"),
    path("<uuid:organization_id>/", platform.platform_organization, name="platform_organization"),
]
