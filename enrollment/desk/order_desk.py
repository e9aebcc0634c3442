"""Orders for another certificate in Django's admin site: a worklist and a page, nothing that edits (RV-4)."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from enrollment.desk import orders
from enrollment.desk.access import officer_of, reach
from enrollment.models import CertificateOrder

if TYPE_CHECKING:
    _Desk = admin.ModelAdmin[CertificateOrder]
else:  # Django's ModelAdmin takes no type arguments at run time
    _Desk = admin.ModelAdmin


@admin.register(CertificateOrder)
class OrderDesk(_Desk):
    title = orders.TITLE  # in the desk's index

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return orders.worklist(request)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        one = "order/<uuid:public_id>/"
        mine = [
            path(one, guard(orders.order), name="enrollment_order"),
            path(f"{one}<slug:name>/", guard(orders.move), name="enrollment_order_move"),
        ]
        return mine + [
            url for url in super().get_urls() if url.name == "enrollment_certificateorder_changelist"
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: CertificateOrder | None = None) -> bool:
        return request.user.is_authenticated and bool(reach(officer_of(request)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CertificateOrder | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CertificateOrder | None = None) -> bool:
        return False
