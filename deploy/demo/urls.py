"""The demo's own mounts: the mailbox, and the card reader (decision 22)."""

from django.urls import include, path

from deploy.demo import mailbox

urlpatterns = [
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("reader/", include("deploy.demo.reader")),
]
