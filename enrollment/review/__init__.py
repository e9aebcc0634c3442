"""The officer's moves: claim, release, return, recommend, approve, take back, reject (house.md; decisions 6, 32).

Every function takes an application that was fetched through the officer's authorities, and raises Refused with a
code that names what stands in the way. Two officers can never both decide: each move is one conditional update.
"""

from enrollment.review.claims import (
    CLAIM,
    SILENT,
    claim,
    is_silent,
    release,
    release_lapsed,
    stay,
    take_over,
)
from enrollment.review.decisions import (
    UNDO,
    Correction,
    approve,
    recommend,
    reject,
    return_to_applicant,
    send_back,
)
from enrollment.review.erasing import erase_file
from enrollment.review.leaving import leave, take_back, undoable
from enrollment.review.reminders import remind

__all__ = [
    "CLAIM",
    "SILENT",
    "UNDO",
    "Correction",
    "approve",
    "claim",
    "erase_file",
    "is_silent",
    "leave",
    "recommend",
    "reject",
    "release",
    "release_lapsed",
    "remind",
    "return_to_applicant",
    "send_back",
    "stay",
    "take_back",
    "take_over",
    "undoable",
]
