"""To be included by signing/urls.py at the root: path("", include("signing.issuing.urls"))."""

from django.urls import path

from signing.issuing import status_views, views

urlpatterns = [
    path("pki/", views.statement, name="pki_statement"),
    path("pki/<slug:code>.crt", views.certificate, name="pki_certificate"),
    path("pki/<slug:code>.crl", views.revocation_list, name="pki_revocation_list"),
    path("pki/<slug:code>.ocsp", status_views.status, name="pki_status"),
    path("pki/<slug:code>.ocsp/<path:asked>", status_views.status, name="pki_status_asked"),
]
