"""The worklist in the review desk. Cases are opened, never edited, added or deleted here (RV-4)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from enrollment import flow
from enrollment.desk import views
from enrollment.desk.access import officer_of, reach
from enrollment.models import Application
from ledger import clock


class Worklist(ChangeList):
    def url_for_result(self, result: Any) -> str:
        return reverse("admin:enrollment_case", args=[result.public_id])


class StateFilter(admin.SimpleListFilter):
    """Open cases first; everything else by its state."""

    title = _("状態")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("submitted", _("審査待ち")),
            ("in_review", _("審査中")),
            ("recommended", _("承認待ち")),
            ("returned", _("再提出待ち")),
            ("issued", _("審査完了")),
            ("rejected", _("不承認")),
            ("withdrawn", _("取下げ")),
            ("all", _("すべて")),
        ]

    def choices(self, changelist: ChangeList) -> Any:
        yield {"selected": self.value() is None, "query_string": "?", "display": _("審査が必要なもの")}
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": self.value() == str(value), "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset.filter(state__in=["submitted", "in_review", "recommended"])
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


if TYPE_CHECKING:
    _Desk = admin.ModelAdmin[Application]
else:  # Django's ModelAdmin takes no type arguments at run time
    _Desk = admin.ModelAdmin


@admin.register(Application)
class ApplicationDesk(_Desk):
    list_display = (
        "receipt_number",
        "qualification_name",
        "state_name",
        "days_waiting",
        "claimed_by",
        "submitted_at",
    )
    list_display_links = ("receipt_number",)
    list_filter = (StateFilter, "qualification")
    search_fields = ("receipt_number",)
    ordering = ("submitted_at",)
    list_per_page = 50
    list_select_related = ("claimed_by",)
    show_full_result_count = False
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        return Application.objects.for_authorities(reach(officer_of(request)))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Worklist

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        case = "case/<uuid:public_id>/"
        mine = [
            path(case, guard(views.case), name="enrollment_case"),
            path(f"{case}<slug:name>/", guard(views.move), name="enrollment_case_move"),
            path(f"{case}files/<uuid:attachment>/", guard(views.picture), name="enrollment_case_file"),
        ]
        listed = [url for url in super().get_urls() if url.name == "enrollment_application_changelist"]
        return mine + listed

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

    @admin.display(description=_("資格"), ordering="qualification")
    def qualification_name(self, case: Application) -> str:
        return case.get_qualification_display()

    @admin.display(description=_("状態"), ordering="state")
    def state_name(self, case: Application) -> str:
        open_ones = {"submitted": _("審査待ち"), "in_review": _("審査中"), "recommended": _("承認待ち")}
        return str(open_ones.get(case.state) or gettext(flow.SHOWN[flow.State(case.state)]))

    @admin.display(description=_("経過日数"), ordering="submitted_at")
    def days_waiting(self, case: Application) -> str:
        at: datetime = clock.now()
        if case.submitted_at is None:
            return ""
        waited = (at - case.submitted_at).days
        return ngettext("%(days)d日", "%(days)d日", waited) % {"days": waited}
