"""The places of the desk that are about officers and the log."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from ledger.models import Entry
from staff import granting, roles
from staff.desk import ledger, officers
from staff.models import Officer, RoleProposal
from staff.pages import OwnPages

admin.site.unregister(Group)  # Django's groups say nothing here, roles do (staff.roles)


@admin.register(Officer)
class Officers(OwnPages):
    title = _("審査者の管理")
    pages = (
        ("", officers.listed, "staff_officer_changelist"),
        ("<uuid:officer>/", officers.one, "staff_officer"),
        ("<uuid:officer>/<slug:name>/", officers.act, "staff_officer_act"),
    )

    def may(self, officer: Officer) -> bool:
        return granting.is_operator(officer)


@admin.register(RoleProposal)
class RoleProposals(OwnPages):
    title = _("役割の確認")
    pages = (
        ("", officers.proposals, "staff_roleproposal_changelist"),
        ("<uuid:proposal>/<slug:name>/", officers.decide, "staff_roleproposal_decide"),
    )

    def may(self, officer: Officer) -> bool:
        return bool(officer.authorities(roles.APPROVER)) or granting.is_operator(officer)


@admin.register(Entry)
class Log(OwnPages):
    title = _("監査記録")
    pages = (
        ("", ledger.entries, "ledger_entry_changelist"),
        ("export/", ledger.export, "ledger_entry_export"),
    )

    def may(self, officer: Officer) -> bool:
        return bool(officer.authorities(roles.AUDITOR))
