"""The parent's side of the key module, against children that fail in one way each."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signing.keystore import Algorithm, KeyKind, ModuleRefused, NotSigned
from signing.signer import module
from signing.signer.keys import Order, Result
from signing.signer.module import AHEAD, CHUNK, Module, ModuleGone

DIGEST = bytes(32)
SECONDS = 0.4
# A child whose `sign` is given: it opens anything and signs with the number of the key.
CHILD = """
import os, socket, sys, time
from signing.signer.wire import Inbox, pack, unpack
connection = socket.socket(fileno=int(sys.argv[-1]))
with open({marks!r}, "a") as marks:
    starts = marks.tell()
    marks.write("x")
{before}
connection.sendall(pack([True]))
inbox, signed = Inbox(), 0
def sign(orders):
    global signed
    answers = []
    for number, digest, algorithm in orders:
        {sign}
        signed += 1
        answers.append([1, b"signed"])
    return answers
while data := connection.recv(65536):
    for body in inbox.feed(data):
        operation, argument = unpack(body)
        connection.sendall(pack(sign(argument) if operation == "sign" else [1, [7, b"public"]]))
"""
Begin = Callable[..., Module]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    begun: list[Module] = []

    def make(sign: str = "pass", before: str = "", *, wait: bool = True) -> Module:
        script = CHILD.format(sign=sign, before=before, marks=str(tmp_path / "starts"))
        made = Module([sys.executable, "-c", script], SECONDS)
        begun.append(made)
        if wait:
            made.begin()
        return made

    yield make
    for one in begun:
        one.end()


def ask(keys: Module, count: int) -> list[Result]:
    handle = keys.open(b"wrapped").handle
    return keys.sign_many([Order(handle, DIGEST, Algorithm.RSA_SHA256)] * count)


def kinds(results: list[Result]) -> tuple[int, int, int]:
    """Signed, unknown, certainly not."""
    certain = sum(isinstance(one, NotSigned) for one in results)
    signed = sum(isinstance(one, bytes) for one in results)
    return signed, len(results) - signed - certain, certain


def comes_back(keys: Module, seconds: float = 10) -> list[Result]:
    until = time.monotonic() + seconds
    while True:
        try:
            return ask(keys, 3)
        except NotSigned:
            assert time.monotonic() < until, "it did not come back"
            time.sleep(0.05)


def test_a_batch_comes_back_in_its_order(begin: Begin) -> None:
    assert kinds(ask(begin(), 200)) == (200, 0, 0)


HANGS = "if starts == 0 and signed == 40: time.sleep(600)"
DIES = "if starts == 0 and signed == 40: os._exit(1)"


@pytest.mark.parametrize("how", [HANGS, DIES])
def test_only_what_the_child_had_been_handed_is_unknown(begin: Begin, how: str) -> None:
    keys = begin(how)
    started = time.monotonic()
    signed, unknown, certain = kinds(ask(keys, 200))
    assert time.monotonic() - started < SECONDS + 1
    assert (signed, certain) == (40, 200 - 40 - unknown)
    assert 0 < unknown <= CHUNK * AHEAD
    assert kinds(comes_back(keys)) == (3, 0, 0)


def test_while_it_is_away_every_call_is_refused_at_once(begin: Begin) -> None:
    keys = begin(HANGS, before="if starts: time.sleep(1)")
    ask(keys, 41)
    for call in (lambda: keys.open(b"w"), lambda: keys.generate(KeyKind.P256), lambda: keys.resident("ca")):
        started = time.monotonic()
        with pytest.raises(NotSigned, match="module_away"):
            call()
        assert time.monotonic() - started < 0.2
    stale = Order(object(), DIGEST, Algorithm.RSA_SHA256)
    assert [str(one) for one in keys.sign_many([stale])] == ["module_away"]
    assert kinds(comes_back(keys)) == (3, 0, 0)


def test_a_handle_of_the_former_child_is_not_open_in_the_next(begin: Begin) -> None:
    keys = begin(DIES)
    handle = keys.open(b"wrapped").handle
    before = keys.generation
    ask(keys, 41)
    comes_back(keys)
    assert keys.generation == before + 1
    (result,) = keys.sign_many([Order(handle, DIGEST, Algorithm.RSA_SHA256)])
    assert isinstance(result, NotSigned) and result.reason == "not_open"
    keys.close(handle)  # a word of the past: nothing happens


@pytest.mark.parametrize("answer", ['[2, "module_failed"]', '[0, "module_lost"]'])
def test_a_module_that_fails_three_times_running_is_started_anew(begin: Begin, answer: str) -> None:
    keys = begin(f"if starts == 0: answers.append({answer}); continue")
    for _ in range(3):
        assert keys.generation == 0
        assert kinds(ask(keys, 1))[0] == 0
    assert keys.generation == 1
    assert kinds(comes_back(keys)) == (3, 0, 0)


def test_in_a_long_batch_a_failing_module_gets_no_more_than_it_has(begin: Begin) -> None:
    keys = begin('if starts == 0: answers.append([2, "module_failed"]); continue')
    signed, unknown, certain = kinds(ask(keys, 400))
    assert (signed, unknown + certain) == (0, 400)
    assert 3 <= unknown <= CHUNK * AHEAD


def test_one_good_answer_forgives_the_failures_before_it(begin: Begin) -> None:
    keys = begin('if signed % 2 == 0: signed += 1; answers.append([2, "module_failed"]); continue')
    for _ in range(10):
        ask(keys, 1)
    assert keys.generation == 0


def test_a_refusal_that_has_another_reason_is_no_failure(begin: Begin) -> None:
    keys = begin('answers.append([0, "key_may_not_sign"]); continue')
    for _ in range(10):
        ask(keys, 1)
    assert keys.generation == 0


def test_the_pauses_between_new_starts_double_and_end(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that never works again is tried again for ever, and not often."""
    keys = begin("os._exit(1)")
    pauses = []
    monkeypatch.setattr(module.time, "sleep", time.sleep)
    for _ in range(10):
        keys.lose("test")
        pauses.append(keys._pause)
        keys._retry_at = 0
        keys.tend()
    assert pauses == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_child_that_dies_while_nobody_asks_is_noticed(begin: Begin) -> None:
    keys = begin()
    assert keys._child is not None
    former = keys._child.process
    former.kill()
    former.wait()
    keys.tend()
    assert kinds(comes_back(keys)) == (3, 0, 0)
    assert keys.generation == 1


def test_a_pin_that_is_refused_is_not_tried_again(begin: Begin, tmp_path: Path) -> None:
    refused = 'if starts: connection.sendall(pack([False, False, "CKR_PIN_INCORRECT"])); os._exit(1)'
    keys = begin(DIES, before=refused)
    ask(keys, 41)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        keys.tend()
        time.sleep(0.05)
    assert len((tmp_path / "starts").read_text()) == 2
    with pytest.raises(NotSigned, match="module_away"):
        keys.open(b"wrapped")


def test_a_module_that_is_away_at_a_new_start_is_tried_again(begin: Begin) -> None:
    away = 'if starts == 1: connection.sendall(pack([False, True, "no token"])); os._exit(1)'
    keys = begin(DIES, before=away)
    ask(keys, 41)
    assert kinds(comes_back(keys)) == (3, 0, 0)


def test_the_first_start_says_why_it_fails(begin: Begin) -> None:
    keys = begin(before='connection.sendall(pack([False, False, "the PIN"])); os._exit(1)', wait=False)
    with pytest.raises(ModuleRefused, match="the PIN"):
        keys.begin()
    silent = begin(before="os._exit(1)", wait=False)
    with pytest.raises(ModuleRefused, match="did not start"):
        silent.begin()


@pytest.mark.parametrize("odd", ["[]", "[[1, b'a']]", "None", "[[1, b'a']] * 99"])
def test_an_answer_to_something_else_is_no_answer(begin: Begin, odd: str) -> None:
    keys = begin(f"if starts == 0: return {odd}")
    results = ask(keys, 4)
    assert all(isinstance(one, ModuleGone) for one in results)
    assert kinds(comes_back(keys)) == (3, 0, 0)


def test_noise_instead_of_frames_is_no_answer(begin: Begin) -> None:
    keys = begin('if starts == 0: connection.sendall(b"\\x00\\x00\\x00\\x01\\xff"); time.sleep(600)')
    assert kinds(ask(keys, 4)) == (0, 4, 0)
    assert kinds(comes_back(keys)) == (3, 0, 0)
