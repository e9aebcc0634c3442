"""The worklist in the review desk. Cases are opened, never edited, added or deleted here (RV-4)."""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from enrollment import authorities
from enrollment.desk import asking, card_orders, credential, credential_views, looking, queue, views
from enrollment.desk import order_desk as order_desk  # registers itself with the site
from enrollment.desk.access import officer_of, reach
from enrollment.desk.words import STATES
from enrollment.flow import State
from enrollment.models import Application
from ledger import clock
from staff import sudo


class Worklist(ChangeList):
    def url_for_result(self, result: Any) -> str:
        return reverse("admin:enrollment_case", args=[result.public_id])


class StateFilter(admin.SimpleListFilter):
    """Open cases first; everything else by its state. The page draws it as counts (change_list.html)."""

    title = _("状態")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((state.value, STATES[state].title) for state in queue.SHOWN), ("all", _("すべて"))]

    def choices(self, changelist: ChangeList) -> Any:
        number = queue.counted(changelist.root_queryset)
        waiting = sum(number.get(state, 0) for state in queue.OPEN)
        everything = sum(number.values())
        yield self._choice(changelist, None, _("審査が必要なもの"), waiting)
        for value, title in self.lookup_choices:
            cases = everything if value == "all" else number.get(State(value), 0)
            if cases or self.value() == value:
                yield self._choice(changelist, value, title, cases)

    def _choice(self, changelist: ChangeList, value: str | None, title: Any, cases: int) -> dict[str, Any]:
        query = changelist.get_query_string({self.parameter_name: value})  # None takes it away
        shown = (
            gettext("%(count)d以上") % {"count": queue.MOST_COUNTED} if cases >= queue.MOST_COUNTED else cases
        )
        return {"selected": self.value() == value, "query_string": query, "display": title, "cases": shown}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset.filter(state__in=queue.OPEN)
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


# parameter -> the values that its links have; everything else is refused with 400 before it reaches the database
FILTERS: dict[str, Collection[str]] = {
    "state": (*(state.value for state in queue.SHOWN), "all"),
    "qualification__exact": tuple(row.code for row in authorities.qualifications()),
}

if TYPE_CHECKING:
    _Desk = admin.ModelAdmin[Application]
else:  # Django's ModelAdmin takes no type arguments at run time
    _Desk = admin.ModelAdmin


@admin.register(Application)
class ApplicationDesk(_Desk):
    list_display = (
        "receipt_number",
        "authority",
        "qualification_name",
        "state_name",
        "days_waiting",
        "deadline",
        "risks",
        "claimed_by",
        "submitted_on",
    )
    list_display_links = ("receipt_number",)
    list_filter = (StateFilter, "qualification")
    search_fields = ("receipt_number",)
    ordering = ("submitted_at",)
    list_per_page = 50
    list_select_related = ("claimed_by",)
    show_full_result_count = False
    actions = None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The two filters that the page offers. Django would let an address ask for any column by any operator."""
        return lookup in FILTERS and str(value) in FILTERS[lookup]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        mine = Application.objects.for_authorities(reach(officer_of(request)))
        return credential.with_alarms(queue.with_cares(mine))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Worklist

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        officer = officer_of(request)
        mine = {
            "title": _("審査の一覧"),
            "following": queue.following(officer),
            "makes_cards": any(authorities.card_way(code) for code in reach(officer)),
        }
        answer = super().changelist_view(request, {**(extra_context or {}), **mine})
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            listed = answer.context_data["cl"]
            answer.context_data["states"] = [
                choice
                for spec in listed.filter_specs
                if isinstance(spec, StateFilter)
                for choice in spec.choices(listed)
            ]
        return answer

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        case = "case/<uuid:public_id>/"
        mine = [
            path(case, guard(views.case), name="enrollment_case"),
            path(f"{case}purpose/", guard(looking.purpose), name="enrollment_case_purpose"),
            path(f"{case}looks/", guard(looking.access_log), name="enrollment_case_looks"),
            path(
                f"{case}credential/<slug:name>/",
                guard(credential_views.act),
                name="enrollment_case_credential",
            ),
            path(f"{case}<slug:name>/", guard(views.move), name="enrollment_case_move"),
            path("card-orders/", guard(card_orders.queue), name="enrollment_card_orders"),
            path(
                "card-orders/hand-over/",
                guard(sudo.required(card_orders.hand_over)),
                name="enrollment_card_hand_over",
            ),
            path("card-orders/<slug:name>/", guard(card_orders.move), name="enrollment_card_move"),
            path(f"{case}checks/<slug:name>/", guard(asking.ask), name="enrollment_case_check"),
            path(f"{case}files/<uuid:attachment>/", guard(views.picture), name="enrollment_case_file"),
            path(
                f"{case}files/<uuid:attachment>/erase/",
                guard(sudo.required(views.erase)),
                name="enrollment_case_file_erase",
            ),
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
    def state_name(self, case: Any) -> SafeString:
        words = STATES[State(case.state)]
        if case.is_stuck:
            return mark(gettext("発行が止まっています"), "wrong")
        return mark(words.title, words.mark)

    @admin.display(description=_("経過日数"), ordering="submitted_at")
    def days_waiting(self, case: Application) -> SafeString:
        days, kind = queue.age_mark(case, clock.now())
        return mark(ngettext("%(days)d日", "%(days)d日", days) % {"days": days}, kind)

    @admin.display(description=_("期限"), ordering="return_until")
    def deadline(self, case: Application) -> str:
        """The applicant's last day to correct, or the minute until which a colleague holds the case."""
        if case.state == State.RETURNED and case.return_day is not None:
            return gettext("修正 %(day)s まで") % {"day": _day(case.return_day)}
        if case.state == State.IN_REVIEW and case.claimed_until is not None:
            return gettext("担当 %(time)s まで") % {
                "time": f"{case.claimed_until.astimezone(clock.JST):%H:%M}"
            }
        return ""

    @admin.display(description=_("要確認"))
    def risks(self, case: Any) -> SafeString | str:
        if not case.cares:
            return ""
        return mark(ngettext("%(count)d件", "%(count)d件", case.cares) % {"count": case.cares}, "care")

    @admin.display(description=_("提出日時"), ordering="submitted_at")
    def submitted_on(self, case: Application) -> str:
        return (
            "" if case.submitted_at is None else f"{case.submitted_at.astimezone(clock.JST):%Y-%m-%d %H:%M}"
        )


def _day(day: date) -> str:
    return f"{day.month}/{day.day}"


def mark(words: Any, kind: str) -> SafeString:
    """Sign, word, colour (templates/desk/README.md); plain words where nothing asks for attention."""
    icon = {"good": "success", "care": "warning", "wrong": "error"}.get(kind)
    if icon is None:
        return conditional_escape(words)
    drawn = render_to_string("parts/icon.html", {"name": icon})
    return format_html('<span class="mark mark-{}">{} {}</span>', kind, SafeString(drawn), words)
