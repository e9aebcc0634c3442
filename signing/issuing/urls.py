"""To be included by signing/urls.py at the root: path("", include("signing.issuing.urls"))."""

from django.urls import path

from signing.issuing import views

urlpatterns = [
    path("pki/", views.statement, name="pki_statement"),
    path("pki/<slug:code>.crt", views.certificate, name="pki_certificate"),
    path("pki/<slug:code>.crl", views.revocation_list, name="pki_revocation_list"),
]
