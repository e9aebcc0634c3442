"""Our faster templates of Django's widgets draw what Django's draw."""

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, TemplatesSetting

CHOICES = [
    ("", "選んでください"),
    ("13", "東京都 <&\"'>"),
    ("西", [("27", "大阪府"), (28, "兵庫県")]),
    (None, "なし"),
    (True, "はい"),
]


class Marked(forms.Select):
    """Options with attributes of every kind."""

    def create_option(self, *args: object, **kwargs: object) -> dict[str, object]:
        option = super().create_option(*args, **kwargs)  # type: ignore[arg-type]
        option["attrs"] |= {"data-n": 1, "disabled": option["value"] == "27", "lang": 'j"a', "hidden": False}
        return option


@pytest.mark.parametrize("widget", [forms.Select, Marked, forms.SelectMultiple])
@pytest.mark.parametrize("value", [None, "", "13", "27", 28, ["13", "28"], "<x>"])
def test_a_select_is_djangos_but_for_empty_lines(widget: type[forms.Select], value: object) -> None:
    drawn = [
        widget({"id": "id_x", "required": True, "aria-describedby": "a b"}, CHOICES).render(
            "x", value, {"autofocus": False}, renderer
        )
        for renderer in (TemplatesSetting(), DjangoTemplates())
    ]
    ours, djangos = ([line for line in text.splitlines() if line] for text in drawn)
    assert ours == djangos
    assert drawn[0].count("<option") == 6
