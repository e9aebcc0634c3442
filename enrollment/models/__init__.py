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
from enrollment.models.people import (
    Applicant,
    ApplicantCertificate,
    ApplicantSession,
    CardReading,
    EmailCode,
)
from enrollment.models.reviewing import (
    CardHolder,
    CardOrder,
    Decision,
    Finding,
    ReturnItem,
)

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
    "CardHolder",
    "CardOrder",
    "CardReading",
    "Decision",
    "EmailCode",
    "Finding",
    "ReturnItem",
    "SealedPin",
    "Statement",
    "StepAnswers",
    "TimelineEntry",
]
