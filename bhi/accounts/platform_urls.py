"""Pages of platform staff, below /platform/."""

from django.urls import path

from bhi.accounts.views import platform

urlpatterns = [
    path("", platform.platform, name="platform"),
    path("new/", platform.platform_new, name="platform_new"),
    path("<uuid:organization_id>/", platform.platform_organization, name="platform_organization"),
    path("<uuid:organization_id>/domains/", platform.platform_domain, name="platform_domain"),
    path(
        "<uuid:organization_id>/domains/<uuid:domain_id>/withdraw/",
        platform.platform_domain_withdraw,
        name="platform_domain_withdraw",
    ),
]
