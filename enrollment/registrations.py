"""One granted case per qualification and registration number, across applications and orders (decision 7)."""

from enrollment.flow import GRANTED, OrderKind
from enrollment.models import Application, CertificateOrder, Registration


def lock(qualification: str, number: str) -> None:
    """Inside a transaction: whoever grants a case of this number waits here for whoever is granting another."""
    Registration.objects.get_or_create(qualification=qualification, number=number)
    Registration.objects.select_for_update().get(qualification=qualification, number=number)


def is_granted_to_an_application(qualification: str, number: str) -> bool:
    cases = Application.objects.filter(qualification=qualification, registration_number=number)
    states = [state.value for state in GRANTED]
    return cases.filter(state__in=states, certificate_ended_at=None).exists()


def is_granted_to_an_order(qualification: str, number: str, *, besides: int | None = None) -> bool:
    """`besides`: the key of the order that asks."""
    orders = CertificateOrder.objects.filter(qualification=qualification, registration_number=number)
    if besides is not None:
        orders = orders.exclude(pk=besides)
    return orders.standing().filter(kind=OrderKind.CARD_HOLDER).exists()
