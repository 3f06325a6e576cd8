"""Judge what a fault has done, only from what Digible saw and what the run records said."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contract.run import RunState
from tests.faults.catalogues import Catalogue
from tests.faults.journal import Post

_DELIVERED = {RunState.SUCCEEDED, RunState.COMPLETED_WITH_REJECTIONS}


@dataclass(frozen=True, slots=True)
class Observed:
    """A run record at one moment."""

    at: float
    store: str
    run: str
    state: str
    read: int
    accepted: int
    rejected: int
    not_sent: int


@dataclass(frozen=True, slots=True)
class Interruption:
    """Something that may have kept a response from its worker, or a run record from storage."""

    at: float
    store: str | None = None
    """None means every store."""

    spares: float = 1
    """How many batches of one run may be sent again because of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the catalogues; the verdicts of parts are added up."""

    lost: int = 0
    """Products missing or wrong at Digible in the end, or counted by a record but not accepted."""

    resent: int = 0
    """Batches sent again although Digible had not refused them."""

    most_resent: int = 0
    """The most batches of one run sent again after one interruption."""

    backwards: int = 0
    """Products whose older price was accepted after a newer one."""

    runs: int = 0
    ended_right: int = 0
    complaints: tuple[str, ...] = field(default=(), repr=False)
    """Everything that is not as promised, in words."""

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(
            self.lost + other.lost,
            self.resent + other.resent,
            max(self.most_resent, other.most_resent),
            self.backwards + other.backwards,
            self.runs + other.runs,
            self.ended_right + other.ended_right,
            self.complaints + other.complaints,
        )


def judge(
    posts: Sequence[Post],
    records: Sequence[Observed],
    catalogues: Sequence[Catalogue],
    interruptions: Sequence[Interruption] = (),
) -> Verdict:
    """Judge what was lost, sent twice or went backwards, and which runs ended in a wrong state."""
    case = _Case(posts, records, catalogues, interruptions)
    complaints: list[str] = list(case.strangers())
    lost = sum(_noted(complaints, case.lost()))
    backwards = sum(_noted(complaints, case.backwards()))
    resent, most = case.resent(complaints.append)
    complaints += case.unbalanced()
    wrong = list(case.wrong_endings())
    return Verdict(
        lost=lost,
        resent=resent,
        most_resent=most,
        backwards=backwards,
        runs=len(catalogues),
        ended_right=len(catalogues) - len(wrong),
        complaints=(*complaints, *wrong),
    )


def _noted(complaints: list[str], found: Iterable[tuple[int, str]]) -> Iterator[int]:
    for count, words in found:
        complaints.append(words)
        yield count


class _Case:
    """Everything that is known, indexed for the questions below."""

    def __init__(
        self,
        posts: Sequence[Post],
        records: Sequence[Observed],
        catalogues: Sequence[Catalogue],
        interruptions: Sequence[Interruption],
    ) -> None:
        self.posts, self.records, self.catalogues = posts, records, catalogues
        self.interruptions = sorted(interruptions, key=lambda each: each.at)
        self.owners: dict[tuple[str, str], Catalogue] = {}
        for catalogue in catalogues:
            for product in catalogue.products.items():
                if product in self.owners:
                    raise ValueError(f"two catalogues have the same price for {product[0]}")
                self.owners[product] = catalogue
        self.accepted = sorted(
            (post for post in posts if post.accepted is not None),
            key=lambda post: post.accepted or 0,
        )
        self.last = {each.run: each for each in sorted(records, key=lambda each: each.at)}

    def strangers(self) -> Iterator[str]:
        """Yield a complaint about each POST that no single catalogue explains."""
        for post in self.posts:
            owners = {id(self.owners.get(product)) for product in post.products}
            if len(owners) != 1 or post.products[0] not in self.owners:
                yield f"POST {post.number} contains products or prices that no single catalogue has"

    def newest(self) -> Mapping[str, Catalogue]:
        """Return each store's newest good catalogue."""
        by_age = sorted(self.catalogues, key=lambda each: each.age)
        return {each.store: each for each in by_age if each.products}

    def lost(self) -> Iterator[tuple[int, str]]:
        """Count products that are not at Digible as they should be, or as a record says."""
        held: dict[str, str] = {}
        for post in self.accepted:
            held.update(post.products)
        for store, catalogue in self.newest().items():
            missing = [
                key
                for key, price in catalogue.products.items()
                if held.get(key) != price and key not in catalogue.refused
            ]
            if missing and not self._may_be_missing(catalogue):
                words = f"{len(missing)} products of {store} are missing or have another price"
                yield len(missing), f"{words}, the first is {missing[0]}"
        yield from self._counted_but_not_accepted()

    def _may_be_missing(self, catalogue: Catalogue) -> bool:
        record = self.last.get(catalogue.run)
        return catalogue.is_withdrawn and (record is None or record.state not in _DELIVERED)

    def _counted_but_not_accepted(self) -> Iterator[tuple[int, str]]:
        """Compare each record with what Digible had accepted by then."""
        moments: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for post in self.accepted:
            for product in post.products:
                if product in self.owners:
                    moments[self.owners[product].run].append((post.accepted_at or 0, product[0]))
        worst: Counter[str] = Counter()
        for run, records in self._by_run().items():
            pending, arrived = iter(sorted(moments[run])), set[str]()
            upcoming = next(pending, None)
            for record in records:
                while upcoming is not None and upcoming[0] <= record.at:
                    arrived.add(upcoming[1])
                    upcoming = next(pending, None)
                worst[run] = max(worst[run], record.accepted - len(arrived))
        for run, count in worst.items():
            if count > 0:
                yield count, f"the record of {run} counts {count} products that were not accepted"

    def _by_run(self) -> Mapping[str, list[Observed]]:
        runs: dict[str, list[Observed]] = defaultdict(list)
        for record in sorted(self.records, key=lambda each: each.at):
            runs[record.run].append(record)
        return runs

    def backwards(self) -> Iterator[tuple[int, str]]:
        """Count products that went from a newer price to an older one."""
        newest: dict[str, int] = {}
        for post in self.accepted:
            older = 0
            for product in post.products:
                age = self.owners[product].age if product in self.owners else 0
                older += age < newest.get(product[0], age)
                newest[product[0]] = max(age, newest.get(product[0], age))
            if older:
                yield older, f"POST {post.number} put older prices of {post.store} over newer ones"

    def resent(self, complain: Callable[[str], None]) -> tuple[int, int]:
        """Count the batches sent again: all, and the most of one run after one interruption."""
        handed_over: dict[str, list[set[str]]] = defaultdict(list)
        again: Counter[tuple[str, int]] = Counter()
        for post in self.posts:
            owner = self.owners.get(post.products[0]) if post.products else None
            if owner is None:
                continue
            ids = {product for product, _ in post.products}
            before = handed_over[owner.run]
            handed_over[owner.run] = [each for each in before if each.isdisjoint(ids)]
            if len(handed_over[owner.run]) < len(before):
                again[owner.run, self._latest(post)] += 1
            if post.status is None or post.status == 200:  # else Digible itself asked for it
                handed_over[owner.run].append(ids)
        for (run, place), count in again.items():
            spared = self.interruptions[place].spares if place >= 0 else 0
            if count > spared:
                what = f"interruption {place + 1}" if place >= 0 else "no interruption at all"
                complain(f"{count} batches of {run} were sent again after {what}")
        return again.total(), max(again.values(), default=0)

    def _latest(self, post: Post) -> int:
        """Return the place of the latest interruption before a POST, or -1."""
        places = (
            place
            for place, each in enumerate(self.interruptions)
            if each.at <= post.arrived and each.store in (None, post.store)
        )
        return max(places, default=-1)

    def unbalanced(self) -> Iterator[str]:
        """Yield a complaint about each record whose counts don't add up."""
        for record in self.records:
            if record.read != record.accepted + record.rejected + record.not_sent:
                yield f"the counts of {record.run} do not add up while it is {record.state}"

    def wrong_endings(self) -> Iterator[str]:
        """Yield a complaint about each catalogue whose run did not end in an allowed state."""
        for catalogue in self.catalogues:
            record = self.last.get(catalogue.run)
            if record is None:
                if not catalogue.may_be_missed:
                    yield f"{catalogue.name} ({catalogue.store}) has no run record"
            elif record.state not in catalogue.may_end:
                yield f"the run {record.run} of {record.store} ended as {record.state}"
            elif record.state in _DELIVERED and not _is_whole(record, catalogue):
                yield f"the record of {record.run} of {record.store} has wrong counts at its end"


def _is_whole(record: Observed, catalogue: Catalogue) -> bool:
    counts = (record.accepted, record.rejected, record.not_sent)
    refused = len(catalogue.refused)
    return counts == (len(catalogue.products) - refused, catalogue.unfit + refused, 0)
