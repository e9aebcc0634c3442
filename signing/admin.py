"""The operators' places of the desk."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from outbox.models import Job
from signing.desk import failed_jobs, operators, step_up
from signing.models import Credential, StepUpPolicy
from staff import roles
from staff.models import Officer
from staff.pages import OwnPages


@admin.register(Credential)
class Credentials(OwnPages):
    title = _("電子証明書")
    pages = (
        ("", operators.search, "signing_credential_changelist"),
        ("<uuid:credential>/<slug:name>/", operators.act, "signing_credential_act"),
    )

    def may(self, officer: Officer) -> bool:
        return bool(officer.authorities(roles.OPERATOR))


@admin.register(StepUpPolicy)
class StepUpPolicies(OwnPages):
    title = step_up.TITLE
    pages = (
        ("", step_up.listed, "signing_stepuppolicy_changelist"),
        ("add/", step_up.add, "signing_stepuppolicy_add"),
        ("<int:policy>/", step_up.change, "signing_stepuppolicy_change"),
        ("<int:policy>/delete/", step_up.remove, "signing_stepuppolicy_delete"),
    )

    def may(self, officer: Officer) -> bool:
        return "" in officer.authorities(roles.OPERATOR)


@admin.register(Job)
class FailedJobs(OwnPages):
    title = _("失敗したジョブ")
    pages = (
        ("", failed_jobs.listed, "outbox_job_changelist"),
        ("<int:job>/retry/", failed_jobs.retry, "outbox_job_retry"),
    )

    def may(self, officer: Officer) -> bool:
        return "" in officer.authorities(roles.OPERATOR)
