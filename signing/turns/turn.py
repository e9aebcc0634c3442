"""One turn: what waits, identified, written down and committed in one exchange with the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from ledger import together
from signing.activation import DIGEST_SIZES
from signing.activation_store.ids import in_order, in_shard
from signing.flow import Credential as CredentialState
from signing.models import Activation
from signing.signer import client
from signing.turns import binary, entries
from signing.turns.calls import Asked, Authorise, Call, Item, Known, Made, No, Outcome, Reserved, Spend
from signing.turns.entries import Authorised, Refusals
from signing.turns.line import BEGIN, COMMIT, ROLLBACK, Failed, Line, Step
from vault import keyring, tokens

_DESCRIPTION = Activation._meta.get_field("description")
_ALREADY_SIGNED = client.NotSigned("already_signed")


class Sad(NamedTuple):
    """A SAD that the turn is going to write down."""

    call: Call
    known: Known
    wish: Authorise
    public_id: bytes
    sad: str
    expires_at: datetime


class Done(NamedTuple):
    """What is committed: answers to give, what goes to the signer, and the chain's head."""

    answers: list[tuple[Call, Outcome]]
    reserved: list[Reserved]
    refused: list[tuple[Call, Spend]]
    head: together.Head


class Turn:
    """`calls` know their callers and wishes; `made` came back from the signer. `at` is the turn's one time."""

    def __init__(
        self,
        line: Line,
        shard: str,
        calls: Sequence[Call],
        made: Sequence[Asked],
        refusals: Refusals,
        at: datetime,
    ) -> None:
        self._line, self._shard, self._at = line, shard, at
        self._made, self._refusals = made, refusals
        self._until = at + settings.SAD_LIFETIME
        self._settled: list[tuple[Call, Outcome]] = []  # answers that no row can change
        self._answers: list[tuple[Call, Outcome]] = []
        self._refused: list[tuple[Call, Spend]] = []
        self._reserved: list[Reserved] = []
        self._sads: list[Sad] = []
        self._spends: list[tuple[Call, Known, Spend]] = []
        self.is_committing = False
        for reserved, results in made:
            self._settled.append((reserved.call, self._told(reserved.call, results)))
        asking = [found for call in calls if (found := self._sorted(call)) is not None]
        names, sads = in_shard(shard, len(asking), at), tokens.new_tokens(len(asking))
        for (call, known, wish), name, sad in zip(asking, names, sads, strict=True):
            expires_at = min(self._until, known.caller.session_expires_at)
            self._sads.append(Sad(call, known, wish, name, sad, expires_at))

    async def carry_out(self, now: float, head: together.Head | None) -> Done:
        """One exchange where the chain's head is known and every session lives; without a head, two.

        With a head, a session that has ended since we last looked fails the whole (22012), and so does a head that is
        not the chain's (23505); without one, what is written follows what was found. Raises Lost, Failed: nothing was
        committed, or where `is_committing` and Lost, nobody knows.
        """
        self._answers, self._refused, self._reserved = list(self._settled), [], []
        self.is_committing = False
        steps: list[Step] = []
        ending: list[Step] = []  # without a BEGIN an exchange is one transaction (PostgreSQL 15, 55.2.4)
        numbers = set(range(1, len(self._sads) + 1))
        if head is None:
            head, numbers = await self._look()
            ending = [COMMIT]
        elif self._sads:
            steps.append(self._authorise(len(self._sads)))
        authorised = entries.by_authority(self._authorised(numbers), lambda each: each.known.authority)
        drafts = [entries.authorised(group) for group in authorised]
        place = len(steps)
        if self._spends:
            steps.append(self._reserve())
        steps += self._record(head.number, drafts)
        refusals = self._refusals.due(now)
        drafts += refusals
        if drafts:
            made = together.chained(self._shard, head, drafts, self._at)
            steps.append(self._write(made))
            head = made.head
        self.is_committing = True
        answers = await self._line.run([*steps, *ending])
        self._refusals.written(refusals, now)
        if self._spends:
            await self._take(answers[place].rows)
        return Done(self._answers, self._reserved, self._refused, head)

    async def _look(self) -> tuple[together.Head, set[int]]:
        """Begins the transaction: the chain's head, locked, and which SADs were written down."""
        steps: list[Step] = [BEGIN, (b"head", [self._shard.encode()])]
        if self._sads:
            steps.append(self._authorise(0))
        _, head, *authorised = await self._line.run(steps)
        count, link = head.rows[0]
        numbers = {binary.read_int(row[0] or b"") for answer in authorised for row in answer.rows}
        return together.Head(binary.read_int(count or b""), link or b""), numbers

    # --- what the rows need not be asked for -------------------------------------------------------------------------
    def _sorted(self, call: Call) -> tuple[Call, Known, Authorise] | None:
        """Who may have a SAD; the others stand among the spends or the answers."""
        known, wish = call.known, call.wish
        assert known is not None and wish is not None
        if isinstance(wish, Spend):
            self._spends.append((call, known, wish))
            return None
        no = wish if isinstance(wish, No) else _why_not(known, wish, self._at)
        if no is not None:
            self.refuse(call, no)
            return None
        assert isinstance(wish, Authorise)
        return call, known, wish

    def refuse(self, call: Call, no: No) -> None:
        self._refusals.note(call, no.code)
        self._settled.append((call, no))

    # --- authorise ---------------------------------------------------------------------------------------------------
    def _authorise(self, expected: int) -> Step:
        """`expected`: how many must be written, 0 for any number."""
        sads = self._sads
        counts = [len(sad.wish.digests) for sad in sads]
        return b"authorise", [
            binary.int8s([sad.known.caller.session for sad in sads]),
            binary.int8s([sad.known.caller.client for sad in sads]),
            binary.byteas([tokens.digest(sad.sad) for sad in sads]),
            binary.uuids([sad.public_id for sad in sads]),
            binary.texts([DIGEST_SIZES[len(sad.wish.digests[0])] for sad in sads]),
            binary.byteas([_sealed(sad.wish.description) for sad in sads]),
            binary.moments([sad.expires_at for sad in sads]),
            binary.numbers(counts),
            binary.places(counts),
            binary.octets([digest for sad in sads for digest in sad.wish.digests]),
            binary.moment(self._at),
            binary.int8s([sad.known.caller.certificate for sad in sads]),
            binary.int4s([sad.wish.room for sad in sads]),
            expected.to_bytes(4, "big"),
            binary.uuids(in_order(sum(counts), self._at)),
        ]

    def _authorised(self, numbers: set[int]) -> list[Authorised]:
        found = []
        for number, sad in enumerate(self._sads, 1):
            if number not in numbers:  # it ended since we last looked
                no = No("session_ended")
                self._refusals.note(sad.call, no.code)
                self._answers.append((sad.call, no))
                continue
            digests = sad.wish.digests
            found.append(
                Authorised(sad.call, sad.known, sad.public_id, len(digests), DIGEST_SIZES[len(digests[0])])
            )
            seconds = int((sad.expires_at - self._at).total_seconds())
            self._answers.append((sad.call, Made(sad.sad, seconds)))
        return found

    # --- reserve -----------------------------------------------------------------------------------------------------
    def _reserve(self) -> Step:
        spends = [spend for _, _, spend in self._spends]
        counts = [len(spend.digests) for spend in spends]
        return b"in_order", [
            *self._heads(range(len(spends))),
            binary.numbers(counts),
            binary.places(counts),
            binary.octets([digest for spend in spends for digest in spend.digests]),
            binary.moment(self._at),
        ]

    def _heads(self, which: Sequence[int]) -> list[bytes]:
        chosen = [self._spends[index] for index in which]
        return [
            binary.byteas([spend.sad_digest for _, _, spend in chosen]),
            binary.uuids([spend.credential.bytes for _, _, spend in chosen]),
            binary.int8s([known.caller.session for _, known, _ in chosen]),
            binary.int8s([known.caller.client for _, known, _ in chosen]),
            binary.int8s([known.caller.certificate for _, known, _ in chosen]),
        ]

    async def _take(self, rows: Sequence[tuple[bytes | None, ...]]) -> None:
        """All of a wish or nothing of it; what the quick question left open is asked in the general way."""
        found: list[dict[int, Item]] = [{} for _ in self._spends]
        names: dict[int, bytes] = {}
        for nr, place, pk, public_id, name in rows:
            number, at = int.from_bytes(nr or b"") - 1, int.from_bytes(place or b"")
            digest = self._spends[number][2].digests[at]
            found[number][at] = Item(pk or b"", public_id or b"", digest)
            if name is not None:
                names[number] = name
        open_ones = [n for n, (_, _, spend) in enumerate(self._spends) if len(found[n]) != len(spend.digests)]
        if open_ones:
            await self._reconsider(open_ones, found, names)
        for number, (call, known, spend) in enumerate(self._spends):
            items = found[number]
            if len(items) == len(spend.digests) and number in names:
                chosen = [items[place] for place in range(len(items))]
                self._reserved.append(Reserved(call, known, names[number], spend.algorithm, chosen))
            else:
                self._refused.append((call, spend))

    async def _reconsider(
        self, which: list[int], found: list[dict[int, Item]], names: dict[int, bytes]
    ) -> None:
        """In a transaction of their own; where it fails, nothing of these stays reserved."""
        part = [item.pk for number in which for item in found[number].values()]
        try:
            await self._ask_again(which, part, found, names)
        except Failed:
            await self._line.run([ROLLBACK])
            await self._line.run([(b"give_back", [binary.sent_int8s(part)])])
            for number in which:
                found[number] = {}

    async def _ask_again(
        self, which: list[int], part: list[bytes], found: list[dict[int, Item]], names: dict[int, bytes]
    ) -> None:
        """Also for whoever waited for a lock and has looked through an old snapshot."""
        moment = binary.moment(self._at)
        sads = binary.byteas([self._spends[number][2].sad_digest for number in which])
        steps: list[Step] = [BEGIN, (b"give_back", [binary.sent_int8s(part)]), (b"names", [sads])]
        for number in which:
            digests = self._spends[number][2].digests
            places = [
                binary.int4s([0] * len(digests)),
                binary.int4s(range(len(digests))),
                binary.byteas(digests),
            ]
            heads = [binary.int4s([0]), *self._heads([number])]
            steps.append((b"any", [*places, *heads, moment, moment, moment]))
        _, _, named, *answers, _ = await self._line.run([*steps, COMMIT])
        by_sad = {row[0]: row[1] for row in named.rows if row[1] is not None}
        for number, answer in zip(which, answers, strict=True):
            found[number] = {
                int.from_bytes(place or b""): Item(pk or b"", public_id or b"", digest or b"")
                for _, place, pk, public_id, digest in answer.rows
            }
            spend = self._spends[number][2]
            if spend.sad_digest in by_sad:
                names[number] = by_sad[spend.sad_digest]
        short = [n for n in which if len(found[n]) != len(self._spends[n][2].digests)]
        left_over = [item.pk for number in short for item in found[number].values()]
        if left_over:
            await self._line.run([(b"give_back", [binary.sent_int8s(left_over)])])

    # --- record ------------------------------------------------------------------------------------------------------
    def _record(self, last: int, drafts: list[together.Draft]) -> list[Step]:
        """The signer's words as rows: signed with its record, given back, or failed for ever.

        The entries join `drafts`, of which the first will have the number behind `last`.
        """
        steps: list[Step] = []
        signed: list[tuple[Reserved, list[Item]]] = []
        back: list[bytes] = []
        failed: list[bytes] = []
        for reserved, results in self._made:
            good = []
            for item, result in zip(reserved.items, results, strict=True):
                if isinstance(result, client.Signed):
                    good.append(item)
                elif isinstance(result, client.Unknown) or result == _ALREADY_SIGNED:
                    failed.append(item.pk)
                else:
                    back.append(item.pk)
            if good:
                signed.append((reserved, good))
        for group in entries.by_authority(signed, lambda each: each[0].known.authority):
            drafts.append(entries.signed(group))
            steps.append(self._records(group, last + len(drafts)))
        if back:
            steps.append((b"give_back", [binary.sent_int8s(back)]))
        if failed:
            steps.append((b"fail", [binary.sent_int8s(failed)]))
        return steps

    def _told(self, call: Call, results: Sequence[client.Result]) -> Outcome:
        good = [result.signature for result in results if isinstance(result, client.Signed)]
        if len(good) == len(results):
            return good
        is_unknown = any(isinstance(each, client.Unknown) or each == _ALREADY_SIGNED for each in results)
        no = No("outcome_unknown" if is_unknown else "signer_unavailable")
        self._refusals.note(call, no.code)
        return no

    def _records(self, signed: list[tuple[Reserved, list[Item]]], number: int) -> Step:
        keys = [item.pk for _, items in signed for item in items]
        return b"record", [
            binary.sent_int8s(keys),
            binary.numbers([len(items) for _, items in signed]),
            binary.int8s([reserved.known.caller.credential for reserved, _ in signed]),
            binary.int8s([reserved.known.caller.session for reserved, _ in signed]),
            binary.int8s([reserved.known.caller.client for reserved, _ in signed]),
            binary.texts([reserved.algorithm.value for reserved, _ in signed]),
            self._shard.encode(),
            number.to_bytes(8, "big"),
            binary.moment(self._at),
            len(keys).to_bytes(8, "big"),
            binary.int8s([reserved.known.caller.certificate for reserved, _ in signed]),
        ]

    def _write(self, made: together.Chained) -> Step:
        shard = self._shard.encode()
        columns = [
            binary.int8s(made.number),
            *[binary.texts(column) for column in made[1:7]],
            *[binary.byteas(column) for column in made[7:10]],
        ]
        head = [made.head.number.to_bytes(8, "big"), made.head.link]
        return b"entries", [shard, binary.moment(self._at), *columns, *head]


def _why_not(known: Known, wish: Authorise, at: datetime) -> No | None:
    """As `activation.authorise` refuses."""
    if wish.credential != known.credential_id:
        return No("credential_unknown")
    if not wish.digests:
        return No("hashes_missing")
    if len(wish.digests) > settings.MULTISIGN:
        return No("hashes_too_many")
    sizes = {len(digest) for digest in wish.digests}
    if len(sizes) != 1 or not sizes <= DIGEST_SIZES.keys():
        return No("hash_length")
    if known.state != CredentialState.ACTIVE:
        return No("credential_disabled")
    if known.not_after is None or at >= known.not_after:
        return No("credential_expired")
    return None


def _sealed(description: str) -> bytes | None:
    if not description:
        return None
    return keyring.web().seal(_DESCRIPTION.purpose, description.encode())
