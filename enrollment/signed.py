"""The signed statement of a case: what officers see, and what the certificate is made of (decision 25, ST-23).

Rows and files can be changed around the product by whoever reaches the database; the person's signature cannot.
Every word of an officer and the issuance therefore ask it again.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography import x509

from cards import cms, holder
from enrollment import statement
from enrollment.errors import Refused
from enrollment.models import Application, Attachment, CertificateOrder, ErasedFile, Statement
from vault import files


def newest(application: Application) -> Statement | None:
    """The statement that was signed at the last submission."""
    return application.statements.filter(round=application.round, signed_at__isnull=False).first()


def verified(row: Statement) -> Mapping[str, Any]:
    """The words of one statement whose signature holds; raises Refused("statement_broken")."""
    try:
        cms.verify(bytes(row.cms or b""), row.content)
    except cms.CmsError as broken:
        raise Refused("statement_broken", problem="signature") from broken
    return statement.read(row.content)


def facts(application: Application) -> Mapping[str, Any]:
    """What the person signed, once it is certain that it is what they signed; raises Refused("statement_broken")."""
    row = newest(application)
    if row is None:
        raise Refused("statement_broken", problem="missing")
    found = verified(row)
    said = (found["application"], found["round"], found["authority"], found["qualification"])
    if said != (
        str(application.public_id),
        application.round,
        application.authority,
        application.qualification,
    ):
        raise Refused("statement_broken", problem="another_case")
    if found["authentication_certificate_sha256"] != bytes(application.certificate_fingerprint).hex():
        raise Refused("statement_broken", problem="another_card")
    return found


def new_name(order: CertificateOrder) -> Mapping[str, Any]:
    """What was signed at a change of name (RV-7); raises Refused("statement_broken").

    The order's row repeats it as `subject`, for lists and for the next order; a row that says something else is not
    what the person signed, and nothing is decided or issued on it.
    """
    content = bytes(order.content or b"")
    try:
        certificate = cms.verify(bytes(order.cms or b""), content)
        found = statement.read(content)
    except (cms.CmsError, ValueError) as broken:
        raise Refused("statement_broken", problem="signature") from broken
    said = (found["certificate"], found["authority"], found["qualification"], found["subject"])
    if said != (str(order.former), order.authority, order.qualification, order.subject):
        raise Refused("statement_broken", problem="another_case")
    if certificate != bytes(order.signature_certificate or b""):
        raise Refused("statement_broken", problem="another_card")
    return found


def certified_name(order: CertificateOrder) -> str:
    """The name by the signature certificate of a change of name; raises Refused("statement_broken")."""
    try:
        certificate = x509.load_der_x509_certificate(bytes(order.signature_certificate or b""))
        return holder.read(certificate).name
    except ValueError as broken:
        raise Refused("statement_broken", problem="signature") from broken


def erased(application: Application) -> list[ErasedFile]:
    """The files of the last submission that an officer has erased since (PH-13)."""
    rows = application.erased_files.all()  # fetched with the case (desk.access), so once for the whole screen
    return sorted((row for row in rows if row.round == application.round), key=lambda row: row.pk)


def changed_files(application: Application, signed: Mapping[str, Any]) -> list[str]:
    """Slots whose original or shown copy is not the one that was signed; raises FileMissing, FileDamaged.

    A file that an officer has erased is told by `erased`, not here: it has not become another one.
    """
    found = []
    gone = {(row.slot, row.ordinal) for row in erased(application)}
    for listed in signed["files"]:
        if (listed["slot"], listed["ordinal"]) in gone:
            continue
        row = Attachment.objects.filter(
            application=application, slot=listed["slot"], ordinal=listed["ordinal"]
        ).first()
        if row is None or any(
            sha256(files.read(name)).hexdigest() != expected
            for name, expected in (
                (row.original_file, listed["original_sha256"]),
                (row.shown_file, listed["shown_sha256"]),
            )
        ):
            found.append(str(listed["slot"]))
    return found


def require_intact(application: Application) -> None:
    """Before an officer's word: the statement holds and its files are those that were signed, and all are there."""
    signed = facts(application)
    if erased(application):
        raise Refused("file_erased")
    try:
        changed = changed_files(application, signed)
    except (files.FileMissing, files.FileDamaged) as lost:
        raise Refused("statement_broken", problem="file") from lost
    if changed:
        raise Refused("statement_broken", problem="file")
