"""When a turn begins: as few and as full ones as the callers' patience allows. Plain; times are the loop's, in seconds.

A turn costs the front and PostgreSQL about a millisecond whatever it carries. So the more is asked, the further apart
turns begin, up to PACE; and at once where everybody who is about has come, for then nobody is left to wait for: callers
that ask one thing after the other fall into step. Where little is asked nobody waits.
"""

from collections import deque

PACE = 0.013  # seconds from one turn's beginning to the next one's, where BUSY calls come in a second
BUSY = 2000  # the nation's peak are 2,200
PAYS = 4  # calls that must be expected meanwhile, or waiting for them does not pay
MANY = 64  # calls for which a turn begins while a frame is at the signer
LONGEST_WAIT = 0.02  # seconds for which a call waits for the end of somebody's frame
_TURNS = 8  # of which the load is told
_FADES = 0.99  # of the crowd, turn by turn: half of it is forgotten in half a second
_ALL = 0.97  # of the crowd; who hurries is not kept for the last one


class Pace:
    """Told of every beginning, and of the first call that waits for the next one."""

    def __init__(self) -> None:
        self._begun: deque[tuple[float, int]] = deque(maxlen=_TURNS)
        self._crowd = 0.0  # the most calls that were on their way at once, lately
        self._since = 0.0

    def reset(self) -> None:
        """Nobody waits for the next turn."""
        self._begun.clear()
        self._crowd = 0.0

    def first(self, now: float) -> None:
        """A call has come, and it is the only one that waits."""
        self._since = now

    def begun(self, now: float, calls: int, on_the_way: int) -> None:
        """A turn begins with so many calls; so many more are on their way beside them."""
        self._begun.append((now, calls))
        self._crowd = max(calls + on_the_way, self._crowd * _FADES)
        self._since = now

    def is_full(self, waiting: int, on_the_way: int, *, is_held: bool) -> bool:
        """Whether nothing is won by waiting longer. `is_held`: a frame is at the signer and nothing has come back.

        `on_the_way`: all calls that nobody has answered, those that wait among them.
        """
        return waiting >= MANY or (not is_held and on_the_way >= self._crowd * _ALL)

    def begins(self, *, is_held: bool) -> float:
        """The moment at which the next turn begins, however few wait."""
        if is_held:
            return self._since + LONGEST_WAIT
        rate = self._rate()
        apart = PACE * min(rate / BUSY, 1.0)
        return self._begun[-1][0] + apart if rate * apart >= PAYS else 0.0

    def _rate(self) -> float:
        """How many calls come in a second, by the last turns."""
        if len(self._begun) < _TURNS:
            return 0.0
        first, last = self._begun[0][0], self._begun[-1][0]
        return sum(calls for _, calls in self._begun) / (last - first) if last > first else 0.0
