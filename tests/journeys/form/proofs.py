"""What must hold of an application that was seen at ⑨ and sent: page, rows, files, signature."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.journeys.applicants import Applicant
from tests.journeys.stories import Story


def points(text: str) -> list[str]:
    """So that a failure shows what no font does."""
    return [f"U+{ord(letter):04X}" for letter in text]


def reads_every_value(person: Applicant, story: Story) -> None:
    shown = person.reads_summary()
    for step, values in story.shows.items():
        assert step in shown, (step, shown)
        for value in values:
            assert points(value) in [points(one) for one in shown[step]], (step, value, shown[step])


def holds_the_names(kept: dict[str, Any], story: Story) -> None:
    signed = json.loads(kept["statement"])
    for step, values in story.names.items():
        for name, value in values.items():
            assert kept["answers"][step][name] == value, (step, name)
            assert signed["answers"][step][name] == value, (step, name)
            if isinstance(value, str):
                assert points(value) == points(signed["answers"][step][name])
    assert signed["price"] == kept["price"] == story.price


def holds_the_files(kept: dict[str, Any], sent: dict[str, list[bytes]]) -> None:
    """What was uploaded is what is kept and what was signed, to the byte."""
    wanted = {
        f"{step.replace('-', '_')}:{place}": sha256(data).hexdigest()
        for step, files in sent.items()
        for place, data in enumerate(files)
    }
    assert {slot: row["original_sha256"] for slot, row in kept["files"].items()} == wanted
    signed = json.loads(kept["statement"])["files"]
    assert {f"{row['slot']}:{row['ordinal']}": row["original_sha256"] for row in signed} == wanted


def is_believed_by_openssl(kept: dict[str, Any], folder: Path) -> None:
    """The CMS verifies over exactly the bytes of the statement, and over no others."""
    cms, text, other = folder / "cms", folder / "statement", folder / "other"
    cms.write_bytes(bytes.fromhex(kept["cms"]))
    text.write_bytes(kept["statement"].encode())
    other.write_bytes(kept["statement"].replace('"price":', '"price":1').encode())
    for content, is_right in ((text, True), (other, False)):
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-noverify", "-in", f"{cms}"]
        done = subprocess.run([*command, "-content", f"{content}"], capture_output=True, check=False)
        assert (done.returncode == 0) is is_right, done.stderr
