"""`make reset`: deletes what `make run` has kept. Refuses a folder that no run of Inkan has made."""

import fcntl
import shutil
import sys
from pathlib import Path

from deploy import environment

MARK = "run.lock"


def main() -> int:
    home = Path(str(environment.read()["INKAN_HOME"]))
    if not home.exists():
        print(f"There is nothing under {home}.")
        return 0
    if not (home / MARK).exists():
        print(f"{home} was not made by `make run`; nothing is deleted.", file=sys.stderr)
        return 1
    with (home / MARK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Inkan runs on {home}. Stop it first.", file=sys.stderr)
            return 1
        shutil.rmtree(home)
    print(f"Everything under {home} is deleted.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
