"""The tables: the picture in the README is the table of moves, and the steps open in their order."""

import re
from pathlib import Path

import pytest

from enrollment import flow
from enrollment.flow import Draft
from enrollment.steps import QUESTIONS

README = Path(flow.__file__).with_name("README.md").read_text(encoding="utf-8")
DRAWN = re.compile(r"^    (\w+) --> (\w+): (\w+) \(([\w, ]+)\)$", re.MULTILINE)


def test_the_picture_is_the_table() -> None:
    picture = README.split("```mermaid")[1].split("```")[0]  # the first one; the card's life has its own
    drawn = {(name, source, target, who) for source, target, name, who in DRAWN.findall(picture)}
    table = {
        (move.name, source.value, move.target.value, ", ".join(actor.value for actor in move.actors))
        for move in flow.MOVES
        for source in move.sources
    }
    assert drawn == table


def test_every_step_stands_in_the_readme_with_a_file_that_exists() -> None:
    rows = re.findall(r"^\| [①-⑫] \| `([\w-]+)` \| (.+?) \| `([\w/]+\.py)?", README, re.MULTILINE)
    assert [(slug, title) for slug, title, _file in rows] == [(step.slug, step.title) for step in flow.STEPS]
    folder = Path(flow.__file__).parent
    assert all((folder / file).exists() for _slug, _title, file in rows if file)


@pytest.mark.requirement("ST-01")
def test_the_steps_follow_the_source_manual_from_three_to_twelve() -> None:
    numbers = [step.number for step in flow.STEPS]
    assert numbers == sorted(numbers) and set(numbers) == set(range(3, 13))
    assert set(QUESTIONS) == {step.slug for step in flow.STEPS} - {"card", "sign", "done"}


def draft(*answered: str, **more: object) -> Draft:
    return Draft(authority="jma", answers={slug: {} for slug in answered}, **more)  # type: ignore[arg-type]


@pytest.mark.requirement("ST-02")
def test_three_four_and_five_open_in_order_and_then_all_of_six_to_eight() -> None:
    def opened(state: Draft) -> set[str]:
        return {step.slug for step in flow.STEPS if flow.is_open(step, state)}

    assert opened(draft()) == {"qualification"}
    assert opened(draft("qualification")) == {"qualification", "card"}
    assert opened(draft("qualification", "card")) == {"qualification", "card", "card-check"}
    begun = opened(draft("qualification", "card", "card-check"))
    assert {"names", "licence", "photo", "email", "workplace"} <= begun
    assert not begun & {"check", "consent", "sign", "done"}


@pytest.mark.requirement("ST-02")
def test_nine_to_eleven_open_one_after_the_other() -> None:
    asked = [step.slug for step in flow.ASKED if step.applies(draft())]
    files = frozenset({"photo", "identity", "licence_front"})
    answers = {slug: {} for slug in asked} | {"email": {"address": "a@b.jp"}}
    full = Draft(authority="jma", answers=answers, files=files, confirmed_email="a@b.jp")
    assert flow.first_open(full).slug == "check"
    assert not flow.is_open(flow.STEP["consent"], full)
    checked = Draft(authority="jma", answers=answers | {"check": {}}, files=files, confirmed_email="a@b.jp")
    assert flow.first_open(checked).slug == "consent"
    unconfirmed = Draft(authority="jma", answers=answers, files=files, confirmed_email="other@b.jp")
    assert flow.first_open(unconfirmed).slug == "email-code"
    without_photo = Draft(authority="jma", answers=answers, files=files - {"photo"}, confirmed_email="a@b.jp")
    assert flow.first_open(without_photo).slug == "photo"
