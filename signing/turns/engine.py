"""The door: `Engine.ask` takes one request; its answer comes when everything that it caused is committed.

One task takes turns with the database, another waits for the signer. A turn begins when there is something to do and
the last one is over; while a frame is at the signer, it begins for whatever waits (see README, "where the time goes").
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ledger import chain, clock, together
from signing.activation_store import ids
from signing.signer import client
from signing.turns import binary, statements
from signing.turns.calls import STRANGER, Answer, Asked, Call, No, Read, Reserved, Slowly, Spend
from signing.turns.entries import Refusals
from signing.turns.keys import Keys, not_open
from signing.turns.known import Memory
from signing.turns.line import REPLAN, ROLLBACK, Failed, Line, Lost
from signing.turns.pace import Pace
from signing.turns.turn import Done, Turn

logger = logging.getLogger(__name__)

CHANNEL = "inkan_signing"  # migration 0060
MOST_CALLS, MOST_HASHES = 64, 1024  # of one turn
MOST_WAITING = 2000
_PATIENCE = 20.0  # seconds for which signatures, and what is to be signed, wait for the database to come back
_PLANNED_FOR = 60.0  # seconds
_TICK = 0.001  # the loop's clock goes by milliseconds: whoever waits for a part of one goes round and round
_SHARDS = 64
_LOCK = 0x494E4B41  # advisory locks (two ints), one per shard: each process has a chain of its own

WhyNot = Callable[[Sequence[tuple[Call, Spend]], datetime], Awaitable[list[No]]]
"""Better words for spends that the rows have refused already."""


class Engine:
    """Belongs to one event loop. `parameters`: those of psycopg.connect."""

    def __init__(self, parameters: Mapping[str, Any], signer: Path, why_not: WhyNot) -> None:
        self._loop = asyncio.get_running_loop()
        self._parameters, self._why_not = parameters, why_not
        self._memory, self._refusals, self._keys = Memory(), Refusals(), Keys(signer)
        self._waiting: deque[Call] = deque()
        self._made: list[Asked] = []
        self._moved_at = 0.0  # when something was last reserved or came back from the signer
        self._told: list[tuple[Call, No]] = []  # refusals to be written down and answered
        self._to_sign: list[Reserved] = []
        self._signing: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._line: Line | None = None
        self._shard = ""
        self._head: together.Head | None = None  # of the shard's chain, where the last turn has told it
        self._pace = Pace()
        self._bell: asyncio.TimerHandle | None = None  # rings when something that waits may begin
        self._rings_at = 0.0  # ours: what a handle says of its time differs from loop to loop
        self._at_signer = 0  # calls
        self._hashes, self._planned = 0, (64, self._loop.time())
        self._is_closing = False
        self._is_doubtful = False  # some of `_made` may be recorded already: they are looked at first
        self._calls: list[Call] = []
        self._in_turn: list[Asked] = []
        self._telling: set[asyncio.Task[None]] = set()
        self._task = self._loop.create_task(self._run())

    def ask(self, method: str, token: bytes, size: int, read: Read, answer: Answer) -> None:
        """The parameters are those of `Call`; `answer` may be called at once."""
        if len(self._waiting) >= MOST_WAITING or self._is_closing:
            answer(No("unavailable"))
            return
        self._waiting.append(Call(method, token, size, read, answer))
        if len(self._waiting) == 1:
            self._pace.first(self._loop.time())
            self._wake.set()
        elif self._may_begin():
            self._wake.set()

    async def close(self) -> None:
        """Ends when everything that waits is answered."""
        self._is_closing = True
        self._wake.set()
        await self._task
        self._keys.close()
        if self._line is not None:
            self._line.close()

    # --- the loop ----------------------------------------------------------------------------------------------------
    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._is_due():
                try:
                    await self._turn()
                except Exception:
                    logger.exception("a turn broke off")
                    self._drop()
            if self._is_closing and not self._is_busy():
                return

    def _is_due(self) -> bool:
        """Whether a turn begins now; where it may only begin later, the bell rings then."""
        if not self._has_work():
            return False
        if self._is_closing or self._may_begin():
            return True
        now = self._loop.time()
        begins = self._pace.begins(is_held=self._is_held())
        if begins <= now + _TICK:
            return True
        if self._bell is None or self._rings_at > begins:
            if self._bell is not None:
                self._bell.cancel()
            self._bell, self._rings_at = self._loop.call_at(begins, self._ring), begins
        return False

    def _ring(self) -> None:
        self._bell = None
        self._wake.set()

    def _has_work(self) -> bool:
        if self._made or self._told or self._waiting:
            return True
        return self._signing is None and bool(self._to_sign)

    def _is_held(self) -> bool:
        """Only calls wait, and a frame is at the signer, whose end they may share."""
        return self._signing is not None and not (self._made or self._told)

    def _may_begin(self) -> bool:
        """Without looking at the clock."""
        return self._pace.is_full(len(self._waiting), self._on_the_way(), is_held=self._is_held())

    def _on_the_way(self) -> int:
        """Calls beside those of this turn that nobody has answered."""
        return len(self._waiting) + len(self._made) + len(self._to_sign) + self._at_signer

    def _is_busy(self) -> bool:
        return self._has_work() or self._signing is not None or bool(self._to_sign or self._telling)

    async def _turn(self) -> None:
        self._calls = calls = self._next()
        self._pace.begun(self._loop.time(), len(calls), self._on_the_way())
        try:
            line = await self._connected()
            calls = await self._identify(line, calls)
        except (Lost, Failed) as problem:
            self._give_up(calls, is_unknown=False)
            await self._without_database(problem)
            return
        if not (calls or self._made or self._told):
            await self._send(line)
            return
        made, self._made = self._made, []
        told, self._told = self._told, []
        self._in_turn = made
        turn = Turn(line, self._shard, calls, made, self._refusals, clock.now())
        for call, no in told:
            turn.refuse(call, no)
        try:
            done = await self._carried_out(line, turn)
        except Failed as problem:
            logger.warning("a turn was rolled back: %s", problem)
            self._told = told + self._told
            await self._again(line, calls, made)
        except Lost as problem:
            self._told = told + self._told
            self._made = made + self._made
            self._is_doubtful = self._is_doubtful or (turn.is_committing and bool(made))
            self._give_up(calls, is_unknown=turn.is_committing)
            await self._without_database(problem)
        else:
            try:
                await self._finish(line, done)
                await self._replan(line, calls)
            except (Lost, Failed) as problem:  # what is reserved goes to the signer when the keys can be read
                await self._without_database(problem)

    async def _carried_out(self, line: Line, turn: Turn) -> Done:
        """As if every session still lived, and where that fails, step by step."""
        head, self._head = self._head, None
        if head is not None:
            try:
                return await turn.carry_out(self._loop.time(), head)
            except Failed as problem:
                logger.info("a turn goes step by step: %s", problem)
        return await turn.carry_out(self._loop.time(), None)

    def _next(self) -> list[Call]:
        """So many of those that wait; one that was rolled back once goes alone, so that it takes nobody along."""
        calls: list[Call] = []
        hashes = 0
        if self._made and self._is_doubtful:
            return calls
        while self._waiting and len(calls) < MOST_CALLS and hashes < MOST_HASHES:
            call = self._waiting[0]
            if call.tries and calls:
                break
            calls.append(self._waiting.popleft())
            hashes += call.size
            if call.tries:
                break
        return calls

    async def _identify(self, line: Line, calls: list[Call]) -> list[Call]:
        """Those whose caller is known, with their wishes; the others are answered."""
        now = self._loop.time()
        found = {call.token: self._memory.find(call.token, now) for call in calls}
        unknown = [token for token, known in found.items() if known is None]
        if unknown:
            heard = self._memory.heard
            step = (b"know", [binary.byteas(unknown), binary.moment(clock.now())])
            (answer,) = await line.run([step])
            found.update(self._memory.learn(unknown, answer.rows, now, heard))
        at = clock.now()
        good = []
        for call in calls:
            known = found[call.token]
            if known is None or min(known.expires_at, known.caller.session_expires_at) <= at:
                call.say(STRANGER)
                continue
            call.known = known
            wish = call.wish or call.read(known, at)
            if isinstance(wish, Slowly) or wish == STRANGER:
                call.say(wish if isinstance(wish, Slowly) else STRANGER)
                continue
            call.wish = wish
            good.append(call)
        return good

    async def _finish(self, line: Line, done: Done) -> None:
        self._head = done.head
        for call, outcome in done.answers:
            call.say(outcome)
        if done.refused:
            task = self._loop.create_task(self._tell_why(done.refused))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        if done.reserved:
            self._to_sign += done.reserved
            self._moved_at = self._loop.time()
        await self._send(line)

    async def _replan(self, line: Line, calls: Sequence[Call]) -> None:
        """A plan that was made for an empty table reads a full one from end to end: so as often as they double."""
        self._hashes += sum(call.size for call in calls)
        now = self._loop.time()
        if self._hashes >= 2 * self._planned[0] or now - self._planned[1] > _PLANNED_FOR:
            self._planned = (max(self._hashes, 64), now)
            await line.run([REPLAN])

    # --- the signer --------------------------------------------------------------------------------------------------
    async def _send(self, line: Line) -> None:
        """What is reserved goes to the signer, if nothing is there."""
        if not self._to_sign or self._signing is not None:
            return
        lacking = {each.known.caller.credential for each in self._to_sign if self._keys.lacks(each)}
        wrapped: dict[int, bytes] = {}
        if lacking:
            (answer,) = await line.run([(b"keys", [binary.int8s(list(lacking))])])
            wrapped = {binary.read_int(pk or b""): key or b"" for pk, key in answer.rows}
        self._hand_over(wrapped)

    def _hand_over(self, wrapped: dict[int, bytes]) -> None:
        calls, self._to_sign = self._to_sign, []
        self._at_signer = len(calls)
        self._signing = self._loop.create_task(self._sign(calls, wrapped))

    async def _sign(self, calls: list[Reserved], wrapped: dict[int, bytes]) -> None:
        try:
            for each in await self._keys.sign(calls, wrapped):
                if not_open(each) and not each.reserved.call.is_reopened:  # restarted: open the key once more
                    each.reserved.call.is_reopened = True
                    self._keys.forget(each.reserved.known.caller.credential)
                    self._to_sign.append(each.reserved)
                else:
                    self._made.append(each)
            self._moved_at = self._loop.time()
        except Exception:
            logger.exception("nobody knows what was signed")
            self._keys.close()
            unknown = client.Unknown("failed")
            self._made += [Asked(each, [unknown] * len(each.items)) for each in calls]
        finally:
            self._signing, self._at_signer = None, 0
            if self._to_sign and not any(self._keys.lacks(each) for each in self._to_sign):
                self._hand_over({})  # the signer need not wait for the turn that records
            self._wake.set()

    # --- when something is away --------------------------------------------------------------------------------------
    async def _tell_why(self, refused: Sequence[tuple[Call, Spend]]) -> None:
        try:
            words = await self._why_not(refused, clock.now())
        except Exception:
            logger.exception("refusals without their reason")
            words = [No("unavailable")] * len(refused)
        self._told += [(call, no) for (call, _), no in zip(refused, words, strict=True)]
        self._wake.set()

    async def _connected(self) -> Line:
        if self._line is None or self._line.is_lost:
            self._memory.hear("")  # what was told meanwhile, nobody heard
            self._head = None
            self._line = await Line.open(self._parameters, statements.ALL, CHANNEL, self._memory.hear)
            self._shard = await _shard(self._line)
        if self._made and self._is_doubtful:
            made, self._made = self._made, []
            await self._sort_out(self._line, made)
            self._is_doubtful = False
        return self._line

    async def _without_database(self, problem: Exception) -> None:
        logger.error("the database is away: %s", problem)
        if self._line is not None:
            self._line.close()
        self._give_up(list(self._waiting), is_unknown=False)
        self._waiting.clear()
        for call, no in self._told:
            call.say(no)
        self._told.clear()
        if self._loop.time() - self._moved_at > _PATIENCE:
            self._lose(self._made)
            self._give_up([each.call for each in self._to_sign], is_unknown=True)
            self._made, self._to_sign = [], []
        await asyncio.sleep(0.1)
        self._pace.reset()
        self._wake.set()

    def _give_up(self, calls: Sequence[Call], *, is_unknown: bool) -> None:
        """What was reserved and perhaps committed is never asked of the signer: it fails (`records.left_behind`)."""
        for call in calls:
            is_lost = is_unknown and isinstance(call.wish, Spend)
            call.say(No("outcome_unknown" if is_lost else "unavailable"))

    def _lose(self, made: Sequence[Asked]) -> None:
        """Signatures that cannot be recorded never leave."""
        for each in made:
            each.reserved.call.say(No("outcome_unknown"))

    def _drop(self) -> None:
        """A fault of ours: nobody is left waiting, and the transaction goes with its connection."""
        self._give_up(self._calls, is_unknown=True)
        self._lose(self._in_turn)
        if self._line is not None:
            self._line.close()

    async def _again(self, line: Line, calls: Sequence[Call], made: list[Asked]) -> None:
        """After a rollback: signatures first and alone, then each call alone, and only once more."""
        try:
            await line.run([ROLLBACK])
            if made:
                await self._sort_out(line, made)
        except (Lost, Failed) as problem:
            self._made = made + self._made
            self._is_doubtful = bool(made)
            self._give_up(calls, is_unknown=False)
            await self._without_database(problem)
            return
        for call in reversed(calls):
            call.tries += 1
            if call.tries > 1:
                call.say(No("unavailable"))
            else:
                self._waiting.appendleft(call)

    async def _sort_out(self, line: Line, made: Sequence[Asked]) -> None:
        """Which of these are recorded already, which can be recorded still, and which never."""
        keys = binary.sent_int8s([item.pk for each in made for item in each.reserved.items])
        recorded, reserved = [
            {row[0] for row in answer.rows}
            for answer in await line.run([(b"recorded", [keys]), (b"reserved", [keys])])
        ]
        for each in made:
            mine = {item.pk for item in each.reserved.items}
            signatures = [one.signature for one in each.results if isinstance(one, client.Signed)]
            each.reserved.call.tries += 1
            if mine <= recorded and len(signatures) == len(mine):
                each.reserved.call.say(signatures)
            elif mine <= reserved and each.reserved.call.tries <= 3:
                self._made.append(each)
            else:
                self._lose([each])


async def _shard(line: Line) -> str:
    """A chain of this process's own: the first that no other connection holds."""
    for number in range(1, _SHARDS + 1):
        step = (b"lock", [_LOCK.to_bytes(4, "big"), number.to_bytes(4, "big")])
        (answer,) = await line.run([step])
        if answer.rows[0][0] == b"\x01":
            name = ids.shard(number)
            await line.run([(b"create", [name.encode(), chain.genesis(name)])])
            return name
    raise Lost("every shard of the ledger is taken")
