"""The review desk with one dangerous act beside it."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.i18n import set_language

from staff import sudo


@sudo.required
def dangerous(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


urlpatterns = [
    path("admin/dangerous/", dangerous),
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
]
