"""Which outbox kind goes to which handler (decision 3). Every handler is idempotent and takes a public id."""

from collections.abc import Callable

from enrollment import checks, issuance, news
from outbox import mails
from signing import issuance as signing_issuance
from signing.issuing import lists

HANDLERS: dict[str, Callable[[str], None]] = {
    "outbox.mail": mails.deliver,
    "enrollment.submitted": checks.plan,
    checks.KIND: checks.carry_out,
    "enrollment.approved": issuance.order,
    "signing.issue": signing_issuance.carry_out,
    "signing.credential_issued": issuance.deliver,
    "signing.issuance_stopped": issuance.stopped,
    "signing.link_bound": news.on_link_bound,
    "signing.link_locked": news.on_link_locked,
    "signing.link_expired": news.on_link_expired,
    "signing.crl": lists.publish,
}
