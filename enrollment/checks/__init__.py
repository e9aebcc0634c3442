"""The automatic checks of a submitted case: small questions, each its own job, each answered by one finding (RV-5).

`table` is the list, `running` the life of one check, `listed` what the case screen shows. Celery runs them in the
authority's own queue (decision 13). What does not hold is a finding at once; what could not be done now is tried
again, and after its last try a finding that says what to do by hand. The officer decides, whatever the checks say.
"""

from enrollment.checks.listed import Listed, listed
from enrollment.checks.running import (
    IN_REVIEW,
    KIND,
    ask_again,
    carry_out,
    give_up_stuck,
    plan,
    require_fresh,
    run_all,
)
from enrollment.checks.table import CHECKS, TITLES

__all__ = [
    "CHECKS",
    "IN_REVIEW",
    "KIND",
    "TITLES",
    "Listed",
    "ask_again",
    "carry_out",
    "give_up_stuck",
    "listed",
    "plan",
    "require_fresh",
    "run_all",
]
