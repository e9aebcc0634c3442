"""The review desk's addresses in Django's admin. Cases are opened, never edited, added or deleted here (RV-4)."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path

from enrollment.desk import asking, card_orders, credential_views, looking, new_cards, sheet, views
from enrollment.desk import order_desk as order_desk  # registers itself with the site
from enrollment.desk.access import officer_of, reach
from enrollment.desk.worklist import pages
from enrollment.models import Application
from staff import sudo

if TYPE_CHECKING:
    _Desk = admin.ModelAdmin[Application]
else:  # Django's ModelAdmin takes no type arguments at run time
    _Desk = admin.ModelAdmin


@admin.register(Application)
class ApplicationDesk(_Desk):
    """Django's list counts every row and pages by OFFSET; the worklist is a page of our own (`desk.worklist.pages`)."""

    title = pages.TITLE  # in the desk's index

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        case = "case/<uuid:public_id>/"
        return [
            path("", guard(pages.show), name="enrollment_application_changelist"),
            path("filters/", guard(pages.keep_filter), name="enrollment_filters"),
            path("bulk/<slug:name>/", guard(pages.bulk), name="enrollment_bulk"),
            path("new-cards/", guard(sudo.required(new_cards.queue)), name="enrollment_new_cards"),
            path(
                "new-cards/<uuid:public_id>/<slug:name>/",
                guard(new_cards.decide),
                name="enrollment_new_card_decide",
            ),
            path(f"{case}new-card/order/", guard(new_cards.order), name="enrollment_new_card_order"),
            path("card-orders/", guard(card_orders.queue), name="enrollment_card_orders"),
            path(
                "card-orders/hand-over/",
                guard(sudo.required(card_orders.hand_over)),
                name="enrollment_card_hand_over",
            ),
            path("card-orders/<slug:name>/", guard(card_orders.move), name="enrollment_card_move"),
            path("beat/", guard(sheet.beat), name="enrollment_beat"),
            path(case, guard(views.case), name="enrollment_case"),
            path(f"{case}purpose/", guard(looking.purpose), name="enrollment_case_purpose"),
            path(f"{case}looks/", guard(looking.access_log), name="enrollment_case_looks"),
            path(f"{case}checklist/", guard(sheet.keep), name="enrollment_case_checklist"),
            path(
                f"{case}credential/<slug:name>/",
                guard(credential_views.act),
                name="enrollment_case_credential",
            ),
            path(f"{case}checks/<slug:name>/", guard(asking.ask), name="enrollment_case_check"),
            path(f"{case}<slug:name>/", guard(views.move), name="enrollment_case_move"),
            path(f"{case}files/<uuid:attachment>/", guard(views.picture), name="enrollment_case_file"),
            path(
                f"{case}files/<uuid:attachment>/erase/",
                guard(sudo.required(views.erase)),
                name="enrollment_case_file_erase",
            ),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Application | None = None) -> bool:
        return request.user.is_authenticated and bool(reach(officer_of(request)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Application | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Application | None = None) -> bool:
        return False
