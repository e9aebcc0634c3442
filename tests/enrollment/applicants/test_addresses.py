"""What ⑧ takes as an address, the outbox must take too: else the refusal would come too late, as a 500."""

import pytest

from enrollment import values
from enrollment.problems import Problem
from outbox import mails

ODD = [
    *(
        "a@b.123",
        "a@b.c0m",
        "a@1.2.3.4",
        "a@b.-c",
        "a@b.c-",
        "a@b.--",
        "a@b.xn--",
        "a@xn--.xn--x",
        "a@b.x--y",
    ),
    *(
        "a@b.XN--X",
        "a@b",
        "a@-b.example",
        "a'b@c.example",
        "ａ@b.ｅxample",
        "a@b.example.",
        "a@b.c",
        f"a@{'b' * 63}.jp",
    ),
    *("a@b.example\nBcc: c@d.example", "a@b.example,c@d.example", "a@b.example c@d.example", "<a@b.example>"),
    *(
        "a@b.ex\u00adample",
        "a\u200b@b.example",
        "a@b.ex\u202eample",
        "a\0@b.example",
        "ı@b.example",
        '"a b"@c.example',
    ),
]


@pytest.mark.parametrize("typed", ODD)
def test_an_odd_address_is_refused_at_the_form_or_taken_by_the_outbox(typed: str) -> None:
    try:
        kept = values.email(typed)
    except Problem as problem:
        assert problem.code == "email_format"
    else:
        mails._check(kept, "subject")  # raises MailRefused


@pytest.mark.parametrize("typed", ["a@b.123", "a@b.c0m", "a@1.2.3.4"])
def test_a_domain_does_not_end_in_digits(typed: str) -> None:
    with pytest.raises(Problem) as refused:
        values.email(typed)
    assert refused.value.code == "email_format"


def test_honest_ones_are_taken() -> None:
    for typed in ("hanako@example.jp", "a.b+c@sub.example.co.jp", "x@xn--r8jz45g.jp", "x@b.xn--q9jyb4c"):
        assert values.email(typed) == typed
