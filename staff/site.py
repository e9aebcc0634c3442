"""The review desk: Django's admin behind a second factor (decision 2)."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django_otp.admin import OTPAdminSite

from ledger import clock, log
from staff import detours, sessions, sign_in, sudo
from staff.desk import joining, own_factor
from staff.forms import ConfirmForm, SignInForm
from staff.models import Officer

NOT_OURS = ("autocomplete", "view_on_site")


class ReviewDesk(OTPAdminSite):  # type: ignore[misc]  # django-otp has no types
    site_header = site_title = _("Inkan 審査")
    index_title = _("審査デスク")
    login_form = SignInForm
    login_template = "admin/login.html"
    password_change_template = "admin/staff/password.html"  # noqa: S105
    password_change_done_template = "admin/staff/password_done.html"  # noqa: S105
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)

    def has_permission(self, request: HttpRequest) -> bool:
        """Active, verified by a device, and signed in today."""
        return bool(super().has_permission(request)) and sessions.is_current(request, clock.now())

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Nothing of the desk is kept; Django would let the password pages be."""
        return super().admin_view(detours.followed(view))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's own, but without the two that reach rows of any kind by a name in the address."""
        own = [
            path("confirm/", self.admin_view(self.confirm), name="confirm"),
            path("join/<str:token>/", joining.join, name="join"),  # the one page before the sign-in
            path("second-factor/", self.admin_view(own_factor.page), name="second_factor"),
            path("second-factor/codes/", self.admin_view(own_factor.codes), name="second_factor_codes"),
            path("second-factor/device/", self.admin_view(own_factor.device), name="second_factor_device"),
        ]
        django = [url for url in super().get_urls() if getattr(url, "name", "") not in NOT_OURS]
        return [*own, *django]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django's list, each place by the title that its pages carry (staff.pages)."""
        found: list[Any] = super().get_app_list(request, app_label)
        for app in found:
            for place in app["models"]:
                place["name"] = getattr(self._registry[place["model"]], "title", "") or place["name"]
        return found

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method != "POST" or not isinstance(request.user, Officer):
            return super().logout(request, extra_context)  # type: ignore[no-any-return]
        officer = request.user
        with transaction.atomic():
            answer: HttpResponse = super().logout(request, extra_context)
            log.append("staff.signed_out", actor=sign_in.actor(officer), subject=str(officer.public_id))
        return answer

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's view; that a password was changed is written down with it."""
        with transaction.atomic():
            answer: HttpResponse = super().password_change(request, extra_context)
            if isinstance(answer, HttpResponseRedirect) and isinstance(request.user, Officer):
                subject = str(request.user.public_id)
                log.append("staff.password_changed", actor=sign_in.actor(request.user), subject=subject)
        return answer

    def confirm(self, request: HttpRequest) -> HttpResponse:
        """Ask for the second factor again, then go back to where the officer came from."""
        officer = request.user
        if not isinstance(officer, Officer):
            return HttpResponseRedirect(reverse("admin:login"))
        form = ConfirmForm(officer, request.POST or None)
        wish = request.POST.get("next") or request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wish, {request.get_host()}, require_https=request.is_secure()):
            wish = reverse("admin:index")
        if request.method == "POST" and form.is_valid():
            sudo.mark(request, clock.now())
            return HttpResponseRedirect(wish)
        context = {**self.each_context(request), "title": _("もう一度の確認"), "form": form, "next": wish}
        return TemplateResponse(request, "admin/confirm.html", context)
