"""A draft is rows from the first second: begin it, load it, save a step's answers, never lose what was typed.

Sources: ST-02, ST-09, ST-14, CA-10 to CA-13, CA-17, PH-03; decisions 7, 20, 26.
A step's row keeps what was typed (`raw`) beside what it means (`values`, None while something is wrong with it, or
while it is `unfinished`: kept while it was being typed, and not yet handed over by "next").
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.datastructures import MultiValueDict

from cards.exchange import CardResponse
from enrollment import authorities, flow, images
from enrollment.applicants import accounts, readings
from enrollment.errors import Refused
from enrollment.flow import Draft, State
from enrollment.models import (
    Applicant,
    ApplicantSession,
    Application,
    Attachment,
    SealedPin,
    Statement,
    StepAnswers,
    TimelineEntry,
)
from enrollment.steps import QUESTIONS, Question
from enrollment.steps.doubts import BUTTONS
from ledger import log
from ledger.clock import today

OPEN_STATES = (State.DRAFT.value, State.RETURNED.value)
LARGEST_RAW = 20_000  # characters kept of what was typed at one step
LONGEST_TEXT = (
    1_001  # of one field, where all together are more: longer than any field takes, and told as that
)
WHOLE_STEP = "*"
NO_CARD = "no"  # ③ wants_card, asked where the authority's dated row allows it (CA-07, CA-20)
# What a named field opens besides itself (ST-14): a new reading asks for a new spelling, a "yes" for what follows it.
SPELLING = frozenset(
    f"{part}_{kind}" for part in ("family", "given") for kind in ("kana", "romaji", "typed")
) | {"manual", "shown_for", "take"}
OPENS: Mapping[tuple[str, str], frozenset[str]] = {
    **{(slug, field): SPELLING for slug in ("names", "other-name") for field in SPELLING},
    ("names", "printed_name"): frozenset({"take"}),
    ("other-name", "kind"): SPELLING | {"former_from_card", "alias_from_card", "family_kanji", "given_kanji"},
    ("workplace", "has_workplace"): frozenset({"name", "institution_code", "postal_code", "address"}),
    ("delivery", "send_to"): frozenset({"postal_code", "address"}),
    ("membership", "member"): frozenset({"number", "number_unknown"}),
    ("membership", "number"): frozenset({"number_unknown"}),
    ("identity", "kind"): frozenset({"day_on_paper", "file"}),
    ("identity", "day_on_paper"): frozenset({"kind", "file"}),
    ("photo", "taken_on"): frozenset({"is_recent", "file"}),
}

Raw = Mapping[str, list[str]]


class Kept(NamedTuple):
    """What a step's row holds; version 0 stands for "nothing saved yet"."""

    version: int = 0
    raw: Raw = {}
    values: Mapping[str, Any] | None = None
    unfinished: bool = False


def current(applicant: Applicant) -> Application | None:
    """The application that the applicant is filling in or correcting."""
    mine = Application.objects.of(applicant).filter(state__in=OPEN_STATES)
    found = mine.order_by("-created_at").first()
    if found is not None:
        found.applicant = applicant  # known already: no page asks for it again
    return found


def begin(session: ApplicantSession, at: datetime) -> Application:
    """The living draft, or a new one; raises Refused("pending", "already_issued") (CA-10, CA-12, CA-13)."""
    mine = Application.objects.of(session.applicant)
    if mine.in_force().exists():
        raise Refused("already_issued")
    living = mine.living().first()
    if living is None:
        living = _create(session, at)
    if living.state not in OPEN_STATES:
        raise Refused("pending", receipt=living.receipt_number)
    return living


def _create(session: ApplicantSession, at: datetime) -> Application:
    fingerprint = bytes(session.certificate.fingerprint)
    try:
        with transaction.atomic():
            application = Application.objects.create(
                applicant=session.applicant, certificate_fingerprint=fingerprint, created_at=at, changed_at=at
            )
            TimelineEntry.objects.create(application=application, kind="begin", happened_at=at)
            log.append(
                "application.begin",
                actor=accounts.actor(session.applicant),
                subject=str(application.public_id),
            )
    except IntegrityError:  # one_living_application_per_certificate: another tab was faster
        return Application.objects.living().get(
            applicant=session.applicant, certificate_fingerprint=fingerprint
        )
    return application


def require_current(applicant: Applicant) -> Application:
    """As `current`; raises Refused("not_now") where nothing is open."""
    application = current(applicant)
    if application is None:
        raise Refused("not_now")
    return application


def keep_card(
    application: Application, session: ApplicantSession, response: CardResponse, at: datetime
) -> None:
    """④ What the card's text file says, code point by code point (NM-01, NM-02); raises Refused as `readings`.

    Data that differ from an earlier reading must be looked at again at ⑤.
    """
    readings.require_answer(response)
    readings.require_same_card(response, session)
    if response.attributes is None:
        raise Refused("reader_error")
    if locked_fields(open_fields(application, load(application, at), at), "card", ("card",)):
        raise Refused("not_now")
    attributes = asdict(response.attributes)
    attributes["birth_date"] = response.attributes.birth_date.isoformat()
    before = kept(application, "card")
    with transaction.atomic():
        save(application, "card", raw={}, values=attributes, version=before.version, at=at)
        if before.values != attributes:
            StepAnswers.objects.filter(application=application, step="card-check").delete()


def kept(application: Application, slug: str) -> Kept:
    row = application.answers.filter(step=slug).first()
    if row is None:
        return Kept()
    data = row.data
    return Kept(row.version, data.get("raw", {}), data.get("values"), bool(data.get("unfinished")))


def answers(application: Application, slug: str) -> Mapping[str, Any]:
    """The valid answers of one step; empty while there are none."""
    return kept(application, slug).values or {}


def all_answers(application: Application) -> dict[str, Mapping[str, Any]]:
    rows = application.answers.all()
    return {row.step: row.data["values"] for row in rows if row.data.get("values") is not None}


def load(application: Application, at: datetime) -> Draft:
    """What flow's tables ask: three queries."""
    rows = list(application.answers.all())
    chosen = application.authority
    given = {row.step: row.data["values"] for row in rows if row.data.get("values") is not None}
    wants_card = given.get("qualification", {}).get("wants_card") != NO_CARD
    fields = authorities.fields(chosen, today(at), wants_card=wants_card) if chosen else None
    applicant = application.applicant
    sealed = SealedPin.objects.filter(application=application, authority=chosen).exists()
    return Draft(
        qualification=application.qualification,
        authority=chosen,
        fields=fields,
        answers=given,
        begun=frozenset(row.step for row in rows),
        files=acceptable_slots(application),
        has_card_pin=sealed,
        confirmed_email=applicant.email if applicant.email_verified_at else "",
        is_submitted=application.state not in OPEN_STATES,
    )


def acceptable_slots(application: Application) -> frozenset[str]:
    """Slots whose every file the chosen authority takes (PH-03: another one may take fewer kinds, or only one file)."""
    if not application.authority:
        return frozenset()
    kinds: dict[str, list[str]] = {}
    for slot, kind in Attachment.objects.filter(application=application).values_list("slot", "kind"):
        kinds.setdefault(slot, []).append(kind)
    return frozenset(
        slot
        for slot, found in kinds.items()
        if set(found) <= images.taken_kinds(application.authority, slot)
        and len(found) <= authorities.most_files(application.authority, slot)
    )


def save(
    application: Application,
    slug: str,
    *,
    raw: Raw,
    values: Mapping[str, Any] | None,
    version: int,
    at: datetime,
    unfinished: bool = False,
) -> None:
    """Keep one step's answers; raises Refused("stale") when another tab has saved other ones since `version`.

    The same text from two tabs is no conflict, nor is a double click, nor "next" pressed while the same text was
    being kept by itself. Changed answers of ③ to ⑧ clear ⑨ and ⑩ (ST-09).
    """
    if _size(raw) > LARGEST_RAW:  # no page of ours sends that: `as_kept`
        raise Refused("not_now")
    data: dict[str, Any] = {"raw": raw, "values": None if values is None else dict(values)}
    if unfinished:
        data["unfinished"] = True
    with transaction.atomic():
        locked = lock(application)
        row = StepAnswers.objects.filter(application=locked, step=slug).first()
        if row is None:
            StepAnswers.objects.create(application=locked, step=slug, data=data, saved_at=at)
        elif row.data == data:
            return
        elif row.version != version and row.data.get("raw") != data["raw"]:
            raise Refused("stale")
        else:
            StepAnswers.objects.filter(pk=row.pk).update(data=data, version=row.version + 1, saved_at=at)
        changed = row is None or row.data.get("values") != data["values"]
        if changed and flow.STEP[slug].number <= 8:
            forget_consent(locked)
        locked.changed_at = at
        _copy_columns(locked, slug, values)
        locked.save(update_fields=["changed_at", "qualification", "authority", "registration_number"])
        if slug in ("qualification", "card"):
            recheck(locked, at)
    application.refresh_from_db()


def keep_typed(application: Application, slug: str, *, raw: Raw, version: int, at: datetime) -> int:
    """Keep what is being typed, finished or not; returns the step's version now. Raises Refused as `save`.

    What is as it was stays as finished as it was; anything else waits for "next" before it counts as an answer.
    """
    before = kept(application, slug)
    if before.version and _answers(before.raw) == _answers(raw):
        return before.version
    save(application, slug, raw=raw, values=None, version=version, at=at, unfinished=True)
    return kept(application, slug).version


def adopt_address(applicant: Applicant, address: str, at: datetime) -> None:
    """The address confirmed in the account is the one of ⑧ too; what was agreed to is agreed to anew (DQ-21)."""
    application = current(applicant)
    before = kept(application, "email") if application else Kept()
    if application is None or before.values is None or before.values.get("address") == address:
        return
    raw, values = {**before.raw, "address": [address]}, {**before.values, "address": address}
    save(application, "email", raw=raw, values=values, version=before.version, at=at)


def lock(application: Application) -> Application:
    """The row, locked for this transaction and still open; raises Refused("not_now"), also where it was erased."""
    rows = Application.objects.select_for_update(of=("self",)).select_related("applicant")
    locked = rows.filter(pk=application.pk).first()
    if locked is None or locked.state not in OPEN_STATES:
        raise Refused("not_now")
    return locked


def _copy_columns(application: Application, slug: str, values: Mapping[str, Any] | None) -> None:
    """What must be searched or kept unique.

    A changed authority erases the sealed PIN (decision 20), and so does going without a card (DQ-26).
    """
    if slug == "qualification" and values is not None:
        application.qualification = values["qualification"]
        if application.authority != values["authority"] or values.get("wants_card") == NO_CARD:
            application.authority = values["authority"]
            SealedPin.objects.filter(application=application).delete()
    if slug == "licence":
        application.registration_number = values["registration_number"] if values is not None else ""


def forget_consent(application: Application) -> None:
    """Any later change returns to ⑨ and clears ⑩; an unsigned statement is gone with it (ST-09, CA-17)."""
    StepAnswers.objects.filter(application=application, step__in=(flow.CHECK, flow.CONSENT)).delete()
    Statement.objects.filter(application=application, signed_at=None).delete()


def recheck(application: Application, at: datetime) -> tuple[str, ...]:
    """Ask every saved step again under today's rules and the chosen authority; returns the steps that fail now."""
    failed = []
    draft = load(application, at)
    for row in application.answers.all().order_by("step"):
        if row.data.get("values") is None or not row.data.get("raw") or row.step not in QUESTIONS:
            continue
        form = question(draft, row.step, at, row.data["raw"])
        if not form.is_valid():
            failed.append(row.step)
            row.data = {**row.data, "values": None}
            row.version += 1
            row.save(update_fields=["data", "version"])
    return tuple(failed)


def question(draft: Draft, slug: str, at: datetime, raw: Raw | None = None) -> Question:
    """The form of a step: bound to what was typed, or empty."""
    data = None if raw is None else MultiValueDict({name: list(values) for name, values in raw.items()})
    return QUESTIONS[slug](data, draft=draft, at=at)


def open_fields(application: Application, draft: Draft, at: datetime) -> Mapping[str, frozenset[str]] | None:
    """What may be changed: everything (None) in a draft; in a returned application the named fields only (ST-14).

    A step that has become incomplete opens too: whole where it was never answered, since a correction may ask for
    something that was not asked before, otherwise what is wrong with it.
    """
    if application.state != State.RETURNED:
        return None
    found: dict[str, set[str]] = {}
    for item in application.return_items.filter(round=application.round):
        found.setdefault(item.step, set()).update(_opened_by(item.step, item.field))
    for step in flow.ASKED:
        if step.applies(draft) and not step.is_complete(draft):
            wrong = _wrong_now(application, draft, step.slug, at)
            named = found.setdefault(step.slug, set())
            named |= wrong or (frozenset() if named else {WHOLE_STEP})
    return {slug: frozenset(names) for slug, names in found.items()}


def _wrong_now(application: Application, draft: Draft, slug: str, at: datetime) -> frozenset[str]:
    """The fields of an incomplete step that today's rules do not take; all where it was never answered."""
    raw = kept(application, slug).raw
    if not raw or slug not in QUESTIONS:
        return frozenset({WHOLE_STEP})
    form = question(draft, slug, at, raw)
    wrong = {name for field in form.errors for name in _opened_by(slug, field)}
    if form.slot and form.slot not in draft.files:
        wrong.add("file")
    return frozenset(wrong)


def _opened_by(slug: str, field: str) -> Iterable[str]:
    """The form's fields that a named one opens: itself and what it decides; all where it is no field of the form."""
    if slug not in QUESTIONS or field not in QUESTIONS[slug].base_fields:
        return (WHOLE_STEP,)
    return {field} | OPENS.get((slug, field), frozenset())


def locked_fields(
    opened: Mapping[str, frozenset[str]] | None, slug: str, names: Iterable[str]
) -> frozenset[str]:
    """The fields of this step that stay as they are."""
    if opened is None or flow.STEP[slug].number > 8:
        return frozenset()
    mine = opened.get(slug, frozenset())
    return frozenset() if WHOLE_STEP in mine else frozenset(names) - mine - BUTTONS


def _answers(raw: Raw) -> Raw:
    """What was typed, without the buttons that were pressed."""
    return {name: values for name, values in raw.items() if name not in BUTTONS}


def as_kept(posted: Raw) -> Raw:
    """What a form reads of what was posted: the last value of each field; far too much of it is cut.

    An answer whose text could not be kept would escape `recheck`, and would take locked answers along.
    """
    read = {name: list(values[-1:]) for name, values in posted.items()}
    if _size(read) <= LARGEST_RAW:
        return read
    return {name: [value[:LONGEST_TEXT] for value in values] for name, values in read.items()}


def with_locked(application: Application, slug: str, raw: Raw, locked: frozenset[str]) -> Raw:
    """`raw`, with what may not be changed as it was, whatever was sent (ST-14)."""
    before = kept(application, slug).raw
    mine = {name: values for name, values in raw.items() if name not in locked}
    return mine | {name: list(before[name]) for name in locked if name in before}


def _size(raw: Raw) -> int:
    return sum(len(name) + sum(map(len, values)) for name, values in raw.items())
