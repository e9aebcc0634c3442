"""One form per step; a step without one (card, sign, done) is not a form."""

from enrollment.steps import (
    card_check,
    card_pin,
    consent,
    delivery,
    email,
    files,
    home,
    licence,
    membership,
    names,
    other_name,
    qualification,
    workplace,
)
from enrollment.steps.question import Question

__all__ = ["QUESTIONS", "Question"]

QUESTIONS: dict[str, type[Question]] = {
    "qualification": qualification.Form,
    "card-check": card_check.Form,
    "names": names.Form,
    "other-name": other_name.Form,
    "name-proof": files.NameProof,
    "home": home.Form,
    "licence": licence.Form,
    "licence-front": files.LicenceFront,
    "licence-back": files.LicenceBack,
    "licence-name-proof": files.LicenceNameProof,
    "membership": membership.Form,
    "card-pin": card_pin.Form,
    "workplace": workplace.Form,
    "delivery": delivery.Form,
    "photo": files.Photo,
    "identity": files.Identity,
    "email": email.Address,
    "email-code": email.Code,
    "check": consent.Check,
    "consent": consent.Consent,
}
