"""One kept connection to PostgreSQL on the event loop: prepared statements, sent together, answered together.

libpq's pipeline mode (PostgreSQL 15 documentation, 34.5) through psycopg's own binding of it, which costs a tenth of
a cursor's execute. Notifications (LISTEN) arrive on the same connection.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import pq

Step: TypeAlias = tuple[bytes, Sequence[bytes | None]]
"""A prepared statement's name and its parameters in binary form (`binary`)."""

NAME = "inkan-hot"  # in pg_stat_activity
SECONDS = 15.0  # beyond statement_timeout: only a dead network or a stopped server takes longer
BEGIN, COMMIT, ROLLBACK, REPLAN = (b"begin", ()), (b"commit", ()), (b"rollback", ()), (b"replan", ())
_WORDS = {b"begin": "BEGIN", b"commit": "COMMIT", b"rollback": "ROLLBACK", b"replan": "DISCARD PLANS"}
# A plan is kept (REPLAN makes them anew while the tables grow): it must be the one for full tables that lie in memory,
# which looks every row up by its index.
_OFF = ("seqscan", "bitmapscan", "hashjoin", "mergejoin")
_COSTS = "-c plan_cache_mode=force_generic_plan -c jit=off -c random_page_cost=0.1 -c seq_page_cost=0.1"
_PLANS = f"{_COSTS} " + " ".join(f"-c enable_{each}=off" for each in _OFF)
_OPTIONS = f"-c lock_timeout=2000 -c statement_timeout=10000 {_PLANS}"
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Lost(Exception):
    """The connection is gone; whether the last statements were carried out is not known."""


class Failed(Exception):
    """The server refused a statement; the transaction is to be rolled back. `state` is its SQLSTATE."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(f"{state} {message}")
        self.state = state


Rows: TypeAlias = list[tuple[bytes | None, ...]]


class Answer:
    """What one statement gave: its rows in binary form, and how many rows it touched."""

    __slots__ = ("count", "rows")

    def __init__(self, result: Any) -> None:
        columns = range(result.nfields)
        value = result.get_value
        self.rows: Rows = [tuple([value(row, column) for column in columns]) for row in range(result.ntuples)]
        self.count: int = result.command_tuples or 0


class Line:
    """Owned by one task: `run` is not called twice at a time. `hear` gets the payload of each notification."""

    def __init__(self, connection: "psycopg.Connection[Any]", hear: Callable[[str], None]) -> None:
        self._connection = connection
        self._line = connection.pgconn
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self._answers: list[Answer] = []
        self._problem: Failed | None = None
        self._waiting: asyncio.Future[list[Answer]] | None = None
        self.is_lost = False
        self._descriptor = self._line.socket  # a lost connection no longer tells it
        self._line.nonblocking = 1
        self._line.enter_pipeline_mode()
        self._loop.add_reader(self._descriptor, self._readable)

    @classmethod
    async def open(
        cls,
        parameters: Mapping[str, Any],
        statements: Mapping[bytes, str],
        channel: str,
        hear: Callable[[str], None],
    ) -> "Line":
        """Connects on a thread, prepares every statement, listens to the channel. Raises Lost."""

        def connect() -> "psycopg.Connection[Any]":
            own = {"options": _OPTIONS, "autocommit": True, "connect_timeout": 3, "application_name": NAME}
            connection = psycopg.connect(**{**parameters, **own})
            try:
                connection.execute(f"LISTEN {channel}")  # a name of ours
                for name, text in {**_WORDS, **statements}.items():
                    result = connection.pgconn.prepare(name, text.encode())
                    if result.status != pq.ExecStatus.COMMAND_OK:
                        raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
            except BaseException:
                connection.close()
                raise
            return connection

        try:
            connection = await asyncio.get_running_loop().run_in_executor(None, connect)
        except psycopg.Error as problem:
            raise Lost(str(problem)) from None
        return cls(connection, hear)

    async def run(self, steps: Sequence[Step]) -> list[Answer]:
        """An answer for each step, in one exchange. Raises Lost, Failed (then nothing behind the first failure ran)."""
        if self.is_lost:
            raise Lost("closed")
        self._answers, self._problem = [], None
        waiting: asyncio.Future[list[Answer]] = self._loop.create_future()
        self._waiting = waiting
        bell = self._loop.call_later(SECONDS, self._end, TimeoutError("no answer"))
        try:
            for name, parameters in steps:
                self._line.send_query_prepared(name, parameters, [1] * len(parameters), 1)
            self._line.pipeline_sync()
            self._flush()
            return await waiting
        except psycopg.Error as problem:
            self.close()
            raise Lost(str(problem)) from None
        finally:
            bell.cancel()
            self._waiting = None

    def close(self) -> None:
        if not self.is_lost:
            self.is_lost = True
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            self._connection.close()

    def _flush(self) -> None:
        if self._line.flush():
            self._loop.add_writer(self._descriptor, self._writable)

    def _writable(self) -> None:
        try:
            if not self._line.flush():
                self._loop.remove_writer(self._descriptor)
        except psycopg.Error as problem:
            self._end(problem)

    def _readable(self) -> None:
        try:
            self._line.consume_input()
            while (note := self._line.notifies()) is not None:
                self._hear(note.extra.decode())
            while self._waiting is not None and not self._waiting.done() and not self._line.is_busy():
                self._take(self._line.get_result())
        except psycopg.Error as problem:
            self._end(problem)

    def _take(self, result: Any) -> None:
        if result is None:  # the end of one statement's results
            return
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            assert self._waiting is not None
            if self._problem is not None:
                self._waiting.set_exception(self._problem)
            else:
                self._waiting.set_result(self._answers)
        elif result.status in _GOOD:
            self._answers.append(Answer(result))
        elif result.status == pq.ExecStatus.FATAL_ERROR and self._problem is None:
            state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
            self._problem = Failed(state.decode(), result.error_message.decode(errors="replace"))

    def _end(self, problem: Exception) -> None:
        waiting = self._waiting
        self.close()
        if waiting is not None and not waiting.done():
            waiting.set_exception(Lost(str(problem)))
