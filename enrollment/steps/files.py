"""The pages that ask for one file each, with what must be said about it (PH-07, PH-11, PH-12, PH-14, PH-51)."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities, days, images
from enrollment.problems import Problem
from enrollment.steps.echoes import DateText
from enrollment.steps.question import Choice, Question, Tick, Words, told

# PH-11: the four kinds of identity document
IDENTITY_KINDS = [
    ("my_number_card", gettext_lazy("マイナンバーカード（表面のみ。通知カードは使えません）")),
    ("driving_licence", gettext_lazy("運転免許証")),
    ("driving_history", gettext_lazy("運転経歴証明書（平成24年1月1日以降に交付されたもの）")),
    ("passport", gettext_lazy("日本国旅券（顔写真のあるページ）")),
]
KIND_NAMES = images.KIND_NAMES
KIND_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp", "pdf": "application/pdf"}


class Drawn(forms.FileField):
    """Drawn as required; `uploads` takes the file, and the view says when none has been kept yet."""

    def clean(self, data: Any, initial: Any = None) -> None:
        return None


class FileQuestion(Question):
    """A page for one slot; the file itself is taken by `uploads`, the form only draws the controls.

    Two of them, because a phone opens its camera or its pictures, not both: whichever is used fills the same slot.
    `recorded` is the day of shooting in the kept file's own record; the view sets it.
    """

    template = "enrollment/file.html"
    file_label: Words = ""
    facing: ClassVar[str] = "environment"  # HTML Media Capture: the camera that looks away from the person
    recorded: date | None = None
    file = Drawn()
    camera = Drawn(required=False)

    def prepare(self) -> None:
        self.fields["file"].label = self.file_label
        self.fields["file"].widget = forms.FileInput(
            attrs={"accept": ",".join(KIND_TYPES[kind] for kind in self.kinds)}
        )
        self.fields["camera"].label = _("カメラで撮影")
        self.fields["camera"].widget = forms.FileInput(
            attrs={"accept": KIND_TYPES["jpeg"], "capture": self.facing}
        )
        self.order_fields(["file", "camera"])

    def lock(self, names: frozenset[str]) -> None:
        """The two controls of the one file are open or closed together."""
        super().lock(names | {"camera"} if "file" in names else names - {"camera"})

    @property
    def kinds(self) -> list[str]:
        taken = images.taken_kinds(self.draft.authority, self.slot) if self.draft.authority else frozenset()
        return [kind for kind in KIND_NAMES if kind in taken]

    @property
    def kinds_in_words(self) -> str:
        return _("・").join(KIND_NAMES[kind] for kind in self.kinds)

    @property
    def limits(self) -> str:
        """What may be given, said before choosing."""
        text = _("%(kinds)s、4MBまで。") % {"kinds": self.kinds_in_words}
        if self.slot == "photo":
            text += _("縦531×横413ピクセル以上。")
        if self.draft.authority and images.is_pdf_missing(self.draft.authority, self.slot):
            text += _("このサイトではPDFを使用できません。")
        return text

    @property
    def most(self) -> int:
        return authorities.most_files(self.draft.authority, self.slot) if self.draft.authority else 1

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values().items() if name not in ("file", "camera")}

    def context(self) -> dict[str, Any]:
        return {
            "limits": self.limits,
            "kinds": self.kinds,
            "kinds_in_words": self.kinds_in_words,
            "most": self.most,
        }


def _told_day(day: date) -> str:
    return date_format(day, _("Y年n月j日"))


class Photo(FileQuestion):
    """`taken_on` is declared by the person; the file's own record fills it in, and a difference is pointed out once."""

    slot = "photo"
    template = "enrollment/photo.html"
    file_label = gettext_lazy("顔写真")
    facing = "user"

    taken_on = DateText(
        gettext_lazy("撮影日"),
        help_text=gettext_lazy("6か月以内に撮影した写真を使ってください。"),
        example=gettext_lazy("令和8年11月1日、2026-11-01"),
    )
    is_recent = Tick(
        gettext_lazy("6か月以内に撮影した、本人の加工していない写真です"),
        required=True,
    )
    seen_day = forms.CharField(required=False, widget=forms.HiddenInput, max_length=10)
    _filled = False

    def full_clean(self) -> None:
        """A day that was not typed is the recorded one, to be confirmed by the person (PH-07)."""
        if self.is_bound and self.recorded and not str(self.data.get("taken_on") or "").strip():
            data = MultiValueDict(self.data) if isinstance(self.data, MultiValueDict) else MultiValueDict()
            data["taken_on"] = self.recorded.isoformat()
            self.data = data
            self._filled = True
        super().full_clean()

    def clean_taken_on(self) -> date:
        try:
            day = days.parse(self.cleaned_data["taken_on"])
            days.check_photo_taken(day, self.day)
        except Problem as problem:
            raise told(problem) from problem
        return day

    @property
    def typed_day(self) -> date | None:
        day = getattr(self, "cleaned_data", {}).get("taken_on")
        return day if isinstance(day, date) else None

    def needs_another_look(self) -> str:
        """Once for a day that was filled in, once for each declared day that is not the recorded one."""
        day = self.typed_day
        if not self.recorded or day is None or "taken_on" in self.locked:
            return ""
        record = {"day": _told_day(self.recorded)}
        if self._filled:
            return (
                _("写真の記録から、撮影日に「%(day)s」を入れました。正しければ、このままお進みください。")
                % record
            )
        if day != self.recorded and self.data.get("seen_day") != day.isoformat():
            return (
                _(
                    "写真の記録では、撮影日は%(day)sです。入力した日付を確かめてください。正しければ、このままお進みください。"
                )
                % record
            )
        return ""

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values().items() if name != "seen_day"}

    def context(self) -> dict[str, Any]:
        return super().context() | {"seen_day": self.typed_day.isoformat() if self.typed_day else ""}


class Identity(FileQuestion):
    slot = "identity"
    template = "enrollment/identity.html"
    file_label = gettext_lazy("身分証の画像")

    kind = Choice(gettext_lazy("身分証の種類"), list(IDENTITY_KINDS))
    day_on_paper = DateText(
        gettext_lazy("有効期限（運転経歴証明書は交付日）"),
        help_text=gettext_lazy("身分証に書かれている日付です。"),
        example=gettext_lazy("2030年3月1日、R12.3.1"),
    )

    @property
    def day_is(self) -> str:
        """PH-12: "expiry" or "issue" as the kind decides; "" while no kind is chosen."""
        kind = self["kind"].value()
        if kind not in dict(IDENTITY_KINDS):
            return ""
        return "issue" if kind == "driving_history" else "expiry"

    def prepare(self) -> None:
        super().prepare()
        label = {"expiry": _("有効期限"), "issue": _("交付日")}.get(self.day_is)
        if label:
            self.fields["day_on_paper"].label = label

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        if data.get("kind") and data.get("day_on_paper"):
            try:
                day = days.parse(data["day_on_paper"])
                days.check_identity_day(data["kind"], day, self.day)
                data["day_on_paper"] = day
            except Problem as problem:
                self.add_error("day_on_paper", told(problem))
        return data


class LicenceFront(FileQuestion):
    slot = "licence_front"
    file_label = gettext_lazy("資格免許証の表面")


class LicenceBack(FileQuestion):
    slot = "licence_back"
    file_label = gettext_lazy("資格免許証の裏面")


class LicenceNameProof(FileQuestion):
    slot = "licence_name_proof"
    file_label = gettext_lazy("旧姓が分かる公的書類")


class NameProof(FileQuestion):
    slot = "name_proof"
    file_label = gettext_lazy("併記する氏名が分かる公的書類")

    def context(self) -> dict[str, Any]:
        papers = self.draft.fields.name_proofs if self.draft.fields else ()
        return super().context() | {"papers": [_(paper) for paper in papers]}
