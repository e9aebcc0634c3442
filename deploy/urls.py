"""Every address of the product (contract.md "Addresses"); each app keeps its own list."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from deploy import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("favicon.ico", pages.favicon, name="favicon"),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
    path("metrics", pages.metrics, name="metrics"),
    path("language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("", include("enrollment.urls")),
    path("", include("signing.urls")),
    path("", include("ledger.urls")),
]
if settings.IS_DEMO:
    urlpatterns += [path("", include("deploy.demo.urls"))]

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.server_error
