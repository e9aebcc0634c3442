"""What the form asks of a day: 登録年月日, 書換交付, the photo, the identity document (DQ-07, PH-07, PH-11, PH-52)."""

from calendar import monthrange
from datetime import date

from enrollment.days.eras import in_both
from enrollment.days.reading import parse
from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _

ADULT, USUAL = (
    18,
    22,
)  # years of age: the earliest a register takes anybody (DQ-07), and the earliest that is usual
HISTORY_CERTIFICATES_SINCE = date(2012, 1, 1)  # PH-11 (3)


def months_from(day: date, months: int) -> date:
    """The same day so many months later or earlier, or that month's last day where it is missing (PH-52).

    A period that runs forward from an event counts otherwise: `ledger.clock.civil_months_later`.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(day: date, birth_date: date) -> int:
    """Completed years of age."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def registered_on(text: str, *, birth_date: date, today: date) -> date:
    """登録年月日: not after today and not before the 18th birthday (DQ-07).

    Raises `Problem`: those of `parse`, registered_future, registered_too_young.
    """
    day = parse(text)
    if day > today:
        raise Problem(
            "registered_future",
            _("登録年月日が今日より後の%(day)sになっています。免許証の日付を確かめてください。"),
            day=in_both(day),
        )
    adult = months_from(birth_date, ADULT * 12)
    if day < adult:
        raise Problem(
            "registered_too_young",
            _("登録年月日の%(day)sは、18歳の誕生日の%(adult)sより前です。元号と年を確かめてください。"),
            day=in_both(day),
            adult=in_both(adult),
        )
    return day


def is_early_registration(day: date, birth_date: date) -> bool:
    """Under 22 years: possible, but worth a line of confirmation (DQ-07)."""
    return day < months_from(birth_date, USUAL * 12)


def reissued_on(text: str, *, registered: date, today: date) -> date:
    """書換交付: not before 登録年月日 (DQ-07). Raises `Problem` as `parse`, or reissued_range."""
    day = parse(text)
    if not registered <= day <= today:
        raise Problem(
            "reissued_range",
            _(
                "書換交付の日の%(day)sは、登録年月日の%(registered)sから今日までの間にありません。免許証の日付を確かめてください。"
            ),
            day=in_both(day),
            registered=in_both(registered),
        )
    return day


def check_photo_taken(day: date, submitted: date) -> None:
    """The declared shooting date: within six months before submission (PH-07, PH-52).

    Raises `Problem`: photo_future, photo_old (which names the earliest day).
    """
    if day > submitted:
        raise Problem("photo_future", _("撮影日が今日より後になっています。"))
    earliest = months_from(submitted, -6)
    if day < earliest:
        raise Problem(
            "photo_old",
            _("撮影から6か月を過ぎています。%(earliest)s以降に撮影した写真を添付してください。"),
            earliest=in_both(earliest),
        )


def check_identity_day(kind: str, day: date, submitted: date) -> None:
    """Expiry of an identity document, or issue of a driving history certificate (PH-11, PH-12).

    `kind`: my_number_card, driving_licence, driving_history, passport.
    Raises `Problem`: identity_expired, identity_issued_early, identity_future.
    """
    if kind != "driving_history":
        if day < submitted:
            raise Problem(
                "identity_expired", _("有効期限が切れています。有効期限内の身分証を添付してください。")
            )
        return
    if day < HISTORY_CERTIFICATES_SINCE:
        raise Problem(
            "identity_issued_early",
            _("運転経歴証明書は、平成24年（2012年）1月1日以降に交付されたものに限ります。"),
        )
    if day > submitted:
        raise Problem("identity_future", _("交付日が今日より後になっています。"))
