"""Every address of the signing room (contract.md "Addresses")."""

from django.urls import include, path

from signing.pages import phone

app_name = "signing"

urlpatterns = [
    path("", include("signing.issuing.urls")),
    path("r/<str:token>/", phone.link, name="phone_link"),
    path("r/<str:token>/complete/", phone.complete, name="phone_complete"),
    path("r/<str:token>/done/", phone.done, name="phone_done"),
    path("r/<str:token>/stopped/", phone.stopped, name="phone_stopped"),
]
