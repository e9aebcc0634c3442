"""Numbers and addresses as people type them; each parser returns the stored form or raises a coded `Problem`.

Sources: form-rules DQ-02, DQ-10 to DQ-19, DQ-22, DQ-25. Dates are in `enrollment.days`.
"""

from enrollment.values.institutions import (
    PHARMACY,
    TABLES,
    WARNINGS,
    InstitutionCode,
    has_check_digit,
    institution_code,
    parts,
)
from enrollment.values.numbers import card_id, email, member_number, postal_code, registration_number
from enrollment.values.phones import hyphenated, phone
from enrollment.values.pins import card_pin, same_digits
from enrollment.values.prefectures import PREFECTURES, prefecture_of

__all__ = [
    "PHARMACY",
    "PREFECTURES",
    "TABLES",
    "WARNINGS",
    "InstitutionCode",
    "card_id",
    "card_pin",
    "email",
    "has_check_digit",
    "hyphenated",
    "institution_code",
    "member_number",
    "parts",
    "phone",
    "postal_code",
    "prefecture_of",
    "registration_number",
    "same_digits",
]
