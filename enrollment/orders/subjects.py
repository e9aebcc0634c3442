"""What another certificate will say, and about whom: from the newest thing the authority has accepted of a person."""

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from enrollment import signed
from enrollment.errors import Refused
from enrollment.flow import OrderKind
from enrollment.models import Applicant, Application, CardHolder, CertificateOrder
from signing import credentials


class Known(NamedTuple):
    """A person behind a credential. `subject` is what its certificate says; raises nothing by itself."""

    facts: credentials.Facts
    application: Application | None
    order: CertificateOrder | None
    applicant: Applicant | None
    holder: CardHolder | None

    @property
    def registration_number(self) -> str:
        if self.order is not None:
            return self.order.registration_number
        return self.application.registration_number if self.application else ""


def known(credential: uuid.UUID) -> Known:
    """Everything enrollment knows of a credential, found through its line: the case may be of a former certificate."""
    facts = credentials.facts(credential)
    line = credentials.line(credential)
    orders = CertificateOrder.objects.select_related("holder", "application__applicant")
    made = {row.credential: row for row in orders.filter(credential__in=line)}
    order = next((made[one] for one in line if one in made), None)
    application = (
        Application.objects.filter(credential__in=line).select_related("applicant").order_by("-pk").first()
    )
    applicant = application.applicant if application else None
    if applicant is None:
        applicant = Applicant.objects.filter(public_id=facts.applicant).first()
    holder = next((row.holder for row in made.values() if row.holder), None)
    return Known(facts, application, order, applicant, holder)


def subject_of(person: Known) -> dict[str, Any]:
    """The subject's data; raises Refused("statement_broken", "evidence_gone")."""
    if person.order is not None and person.order.kind == OrderKind.NAME_CHANGE:
        return dict(signed.new_name(person.order)["subject"])
    if person.order is not None and person.order.subject:
        return dict(person.order.subject)
    if person.application is None:
        raise Refused("evidence_gone")
    answers = signed.facts(person.application)["answers"]
    return _of_answers(answers)


def _of_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    card, names = answers["card"], answers["names"]
    return {
        "family_romaji": names["family_romaji"],
        "given_romaji": names["given_romaji"],
        "name_kanji": "\u3000".join(part for part in (names["family"], names["given"]) if part),
        "birth_date": card["birth_date"],
        "sex": card.get("sex", ""),
    }


def of_holder(holder: CardHolder) -> dict[str, Any]:
    """From the authority's register (BD-12); raises Refused("register_incomplete")."""
    if not (holder.family_romaji and holder.given_romaji):
        raise Refused("register_incomplete")
    return {
        "family_romaji": holder.family_romaji,
        "given_romaji": holder.given_romaji,
        "name_kanji": holder.name_kanji,
        "birth_date": holder.birth_date.isoformat(),
        "sex": "",
    }
