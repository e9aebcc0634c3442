"""The rows of enrollment; import them from here."""

from enrollment.models.applications import (
    AUTHORITIES,
    QUALIFICATIONS,
    STATES,
    Application,
    ApplicationQuerySet,
    Attachment,
    SealedPin,
    Statement,
    StepAnswers,
    TimelineEntry,
)
from enrollment.models.card_numbers import CardNumbersVisit, CardNumberTries
from enrollment.models.checking import CheckRun, Finding
from enrollment.models.joining import JoinRequest
from enrollment.models.looking import CaseView, StatedPurpose
from enrollment.models.operating import AuthorityNotice
from enrollment.models.orders import CertificateOrder, OrderEntry, Registration
from enrollment.models.people import (
    Applicant,
    ApplicantCertificate,
    ApplicantSession,
    CardReading,
    EmailCode,
    PhoneReading,
    UnsentForm,
)
from enrollment.models.places import PostalPlace
from enrollment.models.renaming import NameChange
from enrollment.models.reviewing import (
    CardHolder,
    CardOrder,
    Decision,
    ErasedFile,
    ReturnItem,
)
from enrollment.models.revoking import RevocationRequest
from enrollment.models.working import ChecklistSheet, SavedFilter, TakeOver

__all__ = [
    "AUTHORITIES",
    "QUALIFICATIONS",
    "STATES",
    "Applicant",
    "ApplicantCertificate",
    "ApplicantSession",
    "Application",
    "ApplicationQuerySet",
    "Attachment",
    "AuthorityNotice",
    "CardHolder",
    "CardNumberTries",
    "CardNumbersVisit",
    "CardOrder",
    "CardReading",
    "CaseView",
    "CertificateOrder",
    "CheckRun",
    "ChecklistSheet",
    "Decision",
    "EmailCode",
    "ErasedFile",
    "Finding",
    "JoinRequest",
    "NameChange",
    "OrderEntry",
    "PhoneReading",
    "PostalPlace",
    "Registration",
    "ReturnItem",
    "RevocationRequest",
    "SavedFilter",
    "SealedPin",
    "StatedPurpose",
    "Statement",
    "StepAnswers",
    "TakeOver",
    "TimelineEntry",
    "UnsentForm",
]
