"""Days as people write them: Japanese eras, Western years, full-width and kanji numerals, and back.

Sources: form-rules DQ-04 to DQ-07, PH-07, PH-12, PH-52. Months are civil-law months (K-14).
No library: the one that may be used knows only era years and refuses Ｒ６年 (DQ-08).
"""

from enrollment.days.eras import ERAS, Era, in_both, in_era
from enrollment.days.reading import parse
from enrollment.days.rules import (
    HISTORY_CERTIFICATES_SINCE,
    age_on,
    check_identity_day,
    check_photo_taken,
    is_early_registration,
    months_from,
    registered_on,
    reissued_on,
)

__all__ = [
    "ERAS",
    "HISTORY_CERTIFICATES_SINCE",
    "Era",
    "age_on",
    "check_identity_day",
    "check_photo_taken",
    "in_both",
    "in_era",
    "is_early_registration",
    "months_from",
    "parse",
    "registered_on",
    "reissued_on",
]
