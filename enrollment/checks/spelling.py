"""How the names are written: romaji after the kana, what is printed, the other name (RJ-31, NM-08, NM-14 to NM-26)."""

from collections.abc import Iterator

from enrollment import names
from enrollment.checks.asking import FAIL, NOTICE, PASS, Case, Result, Said, found, together
from enrollment.names import Field, Match
from enrollment.problems import gettext_noop as _

PARTS: tuple[Field, ...] = ("family", "given")
WHAT = {
    ("names", "family"): _("姓"),
    ("names", "given"): _("名"),
    ("other-name", "family"): _("併記する姓"),
    ("other-name", "given"): _("併記する名"),
}
ON_CARD = {"alias": "alias", "former": "former_family"}


def romaji(case: Case) -> Result:
    """Each romaji is one of the rule's candidates for its kana, else it was typed by hand (RJ-35, RJ-39)."""
    return together(list(_spelled(case)), _("ローマ字は、カタカナからの変換候補と一致します。"))


def _spelled(case: Case) -> Iterator[tuple[str, Said]]:
    for (step, part), what in WHAT.items():
        kana, written = case.answer(step, f"{part}_kana"), case.answer(step, f"{part}_romaji")
        if not kana and not written:
            continue
        field: Field = "family" if part == "family" else "given"
        if written not in names.candidates(kana, field):
            yield (
                NOTICE,
                Said(
                    _(
                        "%(what)sのローマ字「%(written)s」は、「%(kana)s」からの変換候補にない手入力です。"
                        "旅券などの表記と見比べてください。"
                    ),
                    {"what": Said(what), "written": written, "kana": kana},
                ),
            )


def printed(case: Case) -> Result:
    """The name on the HPKI card and the furigana beside the My Number Card's (NM-08, NM-09, NM-14)."""
    card, on_face = case.answer("card", "name"), case.answer("names", "printed_name")
    told: list[tuple[str, Said]] = []
    if names.substitutes(card):
        told.append(
            (NOTICE, Said(_("カードの氏名に字形のない文字があります。身分証の画像と見比べてください。")))
        )
    elif on_face:
        match = names.compare(card, on_face)
        if match is Match.MISMATCH:
            told.append(
                (NOTICE, Said(_("券面表記「%(name)s」がカードの氏名と異なります。"), {"name": on_face}))
            )
        if match is Match.VARIANT:
            told.append(
                (NOTICE, Said(_("券面表記「%(name)s」は、異体字を置き換えたものです。"), {"name": on_face}))
            )
    reading, held = (
        "".join(case.answer("names", f"{part}_kana") for part in PARTS),
        case.answer("card", "kana"),
    )
    if held and not names.same_kana(held, reading):
        told.append((NOTICE, Said(_("入力されたカタカナが、カードのフリガナと異なります。"))))
    return together(told, _("印字する氏名とカードの氏名に違いはありません。"))


def other_name(case: Case) -> Result:
    """通称名 or 旧姓: what the card itself holds needs no paper, what was typed needs one (NM-17 to NM-26)."""
    kind = case.answer("other-name", "kind")
    if kind not in ON_CARD:
        return found(PASS, _("氏名の併記はありません。"))
    written = names.joined(case.answer("other-name", "family"), case.answer("other-name", "given"))
    held = case.answer("card", ON_CARD[kind])
    if not case.answer("other-name", "from_card"):
        has_paper = any(listed["slot"] == "name_proof" for listed in case.facts["files"])
        if not has_paper:
            return found(FAIL, _("併記する氏名「%(name)s」を示す書類がありません。"), name=written)
        return found(
            NOTICE,
            _("併記する氏名「%(name)s」は手入力です。書類で、いまの氏名とのつながりを確認してください。"),
            name=written,
        )
    match = names.compare(held, written)
    if match is Match.MISMATCH:
        return found(FAIL, _("併記する氏名「%(name)s」が、カードの記載と一致しません。"), name=written)
    return found(PASS, _("併記する氏名は、カードに記載されたものです。"))
