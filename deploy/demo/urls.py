"""The demo's own mounts: the mailbox, and the card reader (decision 22)."""

from importlib.util import find_spec

from django.urls import include, path

from deploy.demo import mailbox

urlpatterns = [path("mailbox/", mailbox.mailbox, name="mailbox")]
if find_spec("deploy.demo.reader"):
    urlpatterns += [path("reader/", include("deploy.demo.reader"))]
