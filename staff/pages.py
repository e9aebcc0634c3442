"""A place in the desk's index whose pages are our own: nothing of Django's change, delete or history views is left."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from staff.desk.words import Words
from staff.models import Officer

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:  # Django's ModelAdmin takes no type arguments at run time
    _Admin = admin.ModelAdmin
View = Callable[..., HttpResponseBase]


class OwnPages(_Admin):
    """`title` stands in the index; `pages` are (route, view, name), the first one named "<app>_<model>_changelist"."""

    title: Words = ""
    pages: tuple[tuple[str, View, str], ...] = ()

    def may(self, officer: Officer) -> bool:
        """Whether the place is in this officer's index; each view asks by itself as well."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [path(route, guard(view), name=name) for route, view, name in self.pages]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, Officer) and self.may(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
