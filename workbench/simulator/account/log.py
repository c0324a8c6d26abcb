"""The message log of one account, in the order of Twilio's list at any instant, without moving stored rows.

A message is stored in one bucket per UTC day, by its *final* place (date_sent, or date_created if that stays
null). The few messages that are created but not yet sent have their place at date_created; they are merged
when the log is read.
"""

from __future__ import annotations

import gc
from bisect import bisect_left, insort
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from heapq import merge

from workbench.simulator.clock import DAY, day_of
from workbench.simulator.messages import Message, final_position, position_at
from workbench.simulator.traffic.generator import DAY_BITS, Traffic

EXTRA = 1 << 56
"""Serial numbers from here on belong to messages that came through the API, not from the traffic."""

_SHORT_WAIT = 3600
_MARKS = 10_000
_MANY_MESSAGES = 20_000

Position = tuple[int, int]


class MessageLog:
    """Every message of an account; not safe for threads by itself (the account holds the lock)."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.extras: dict[int, Message] = {}
        self.gone: dict[int, Message] = {}
        """Deleted messages; a page token may still refer to one."""
        self.changes: Counter[int] = Counter()
        """How often a day's bucket was changed through the API; cached sums of the day depend on it."""
        self._first_day = traffic.day
        self._days: list[list[Message]] = []
        self._buckets: dict[int, list[Message]] = {}
        self._unsorted: set[int] = set()
        self._extras_by_time: list[Position] = []
        self._long_waits: list[tuple[int, int, Message]] = []
        self._waiting_at: tuple[int, list[Message]] | None = None
        self._marks: OrderedDict[int, Position] = OrderedDict()

    def ensure(self, now: int) -> None:
        """Generate the traffic up to and including the day of `now`."""
        if self.traffic.day > day_of(now):
            return
        expected = (day_of(now) - self.traffic.day) * self.traffic.profile.messages_per_day
        with _collector_paused() if expected > _MANY_MESSAGES else nullcontext():
            while self.traffic.day <= day_of(now):
                day = self.traffic.next_day()
                self._days.append(day)
                for message in day:
                    self._file(message)
        self._waiting_at = None

    def _file(self, message: Message) -> None:
        sent_at = message.created + message.sent
        day = (sent_at if message.sent > 0 else message.created) // DAY
        self._buckets.setdefault(day, []).append(message)
        self._unsorted.add(day)
        if message.sent > _SHORT_WAIT:
            insort(self._long_waits, (sent_at, message.serial, message))

    def next_serial(self) -> int:
        """The serial number of the next message that comes through the API."""
        return EXTRA + len(self.extras)

    def get(self, serial: int, now: int) -> Message | None:
        """The message with a serial number, if it is there at `now`."""
        message = self._find(serial)
        gone = message is None or serial in self.gone or message.created > now
        return None if gone else message

    def is_known(self, serial: int) -> bool:
        return self._find(serial) is not None

    def _find(self, serial: int) -> Message | None:
        if serial >= EXTRA:
            return self.extras.get(serial)
        day, number = (serial >> DAY_BITS) - self._first_day, serial & ((1 << DAY_BITS) - 1)
        is_in_traffic = 0 <= day < len(self._days) and number < len(self._days[day])
        return self._days[day][number] if is_in_traffic else None

    def newest_first(
        self, now: int, low: int, high: int, before: Position | None = None, undated: bool = True
    ) -> Iterator[Message]:
        """Messages placed from `low` to `high` (seconds, inclusive), newest first, all below `before`.

        Without `undated`, messages that have no date_sent at `now` are left out.
        """
        top = (min(high, now) + 1, -1)
        top = min(top, before) if before is not None else top
        settled = self._settled(low, top, undated)
        waiting = self._waiting_between(now, (low, -1), top) if undated else []
        if not waiting:
            return settled
        return merge(settled, reversed(waiting), key=lambda message: position_at(message, now), reverse=True)

    def oldest_first(
        self, now: int, low: int, high: int, after: Position, undated: bool = True
    ) -> Iterator[Message]:
        """Like :meth:`newest_first` in the opposite order: all above `after`."""
        bottom, top = max((low, -1), (after[0], after[1] + 1)), (min(high, now) + 1, -1)
        waiting = self._waiting_between(now, bottom, top) if undated else []
        settled = self._settled_upwards(bottom, top, undated)
        return merge(settled, waiting, key=lambda message: position_at(message, now))

    def everything(self, now: int) -> Iterator[Message]:
        """Every message at `now`: the generated traffic in order of creation, then messages from the API."""
        self.ensure(now)
        for day in self._days:
            yield from (m for m in day if m.created <= now and m.serial not in self.gone)
        yield from (m for m in self.extras.values() if m.created <= now and m.serial not in self.gone)

    def created_between(self, after: int, until: int) -> list[Message]:
        """Messages created in (after, until], in no particular order."""
        messages: list[Message] = []
        first = max(0, day_of(after) - self._first_day)
        for day in self._days[first : max(0, day_of(until) - self._first_day + 1)]:
            start = bisect_left(day, after + 1, key=_created)
            messages += day[start : bisect_left(day, until + 1, key=_created)]
        start = bisect_left(self._extras_by_time, (after + 1, -1))
        stop = bisect_left(self._extras_by_time, (until + 1, -1))
        messages += (self.extras[serial] for _, serial in self._extras_by_time[start:stop])
        return [message for message in messages if message.serial not in self.gone] if self.gone else messages

    def unsettled_since(self, after: int, until: int) -> list[Message]:
        """Messages created in (after, until], and older ones that are still waiting to be sent at `after`."""
        late = [m for sent_at, _, m in self._long_waits if sent_at > after and m.created <= after]
        return [m for m in late if m.serial not in self.gone] + self.created_between(after, until)

    def of_day(self, day: int) -> list[Message]:
        """Every message whose final place is on a UTC day, with deleted ones, independent of the clock."""
        return self._bucket(day) + [m for m in self.gone.values() if day_of(final_position(m)[0]) == day]

    def _settled(self, low: int, top: Position, undated: bool) -> Iterator[Message]:
        for day in range(day_of(top[0]), day_of(low) - 1, -1):
            bucket = self._bucket(day)
            stop = bisect_left(bucket, top, key=final_position)
            for index in range(stop - 1, bisect_left(bucket, (low, -1), key=final_position) - 1, -1):
                if undated or bucket[index].sent >= 0:
                    yield bucket[index]

    def _settled_upwards(self, bottom: Position, top: Position, undated: bool) -> Iterator[Message]:
        for day in range(day_of(bottom[0]), day_of(top[0]) + 1):
            bucket = self._bucket(day)
            start = bisect_left(bucket, bottom, key=final_position)
            for index in range(start, bisect_left(bucket, top, key=final_position)):
                if undated or bucket[index].sent >= 0:
                    yield bucket[index]

    def _bucket(self, day: int) -> list[Message]:
        bucket = self._buckets.get(day, [])
        if day in self._unsorted:
            bucket.sort(key=final_position)
            self._unsorted.discard(day)
        return bucket

    def waiting(self, now: int) -> list[Message]:
        """Created, not yet sent at `now`, in order of creation."""
        if self._waiting_at is None or self._waiting_at[0] != now:
            recent = [m for m in self.created_between(now - _SHORT_WAIT - 1, now) if m.sent <= _SHORT_WAIT]
            start = bisect_left(self._long_waits, (now + 1, -1))
            late = [
                m for _, _, m in self._long_waits[start:] if m.created <= now and m.serial not in self.gone
            ]
            waiting = [m for m in recent if _waits(m, now)] + late
            self._waiting_at = now, sorted(waiting, key=_creation)
        return self._waiting_at[1]

    def _waiting_between(self, now: int, bottom: Position, top: Position) -> list[Message]:
        return [m for m in self.waiting(now) if bottom <= (m.created, m.serial) < top]

    def mark(self, message: Message, now: int) -> None:
        """Remember the place of a page's last row if it will move, because the next page continues there."""
        position = position_at(message, now)
        if position != final_position(message):
            self._marks[message.serial] = position
            if len(self._marks) > _MARKS:
                self._marks.popitem(last=False)

    def token_position(self, serial: int, now: int) -> Position | None:
        """The place of the row that a page token names, or its place when that page was made."""
        message = self._find(serial)
        if message is None:
            return None
        return self._marks.get(serial) or position_at(message, now)

    def add(self, message: Message) -> None:
        """Add a message that came through the API."""
        self.extras[message.serial] = message
        insort(self._extras_by_time, (message.created, message.serial))
        self._insert(message)

    def replace(self, message: Message) -> None:
        """Replace the message that has the same serial number."""
        self._take_out(message.serial)
        if message.serial >= EXTRA:
            self.extras[message.serial] = message
        else:
            day = self._days[(message.serial >> DAY_BITS) - self._first_day]
            day[message.serial & ((1 << DAY_BITS) - 1)] = message
        self._insert(message)

    def remove(self, serial: int) -> None:
        """Delete a message: it no longer appears, and nothing shows that it existed."""
        self.gone[serial] = self._take_out(serial)

    def _insert(self, message: Message) -> None:
        position = final_position(message)
        bucket = self._bucket(day_of(position[0]))
        insort(bucket, message, key=final_position)
        self._buckets[day_of(position[0])] = bucket
        self.changes[day_of(position[0])] += 1
        if message.sent > _SHORT_WAIT:
            insort(self._long_waits, (message.created + message.sent, message.serial, message))
        if self._waiting_at is not None and _waits(message, self._waiting_at[0]):
            insort(self._waiting_at[1], message, key=_creation)

    def _take_out(self, serial: int) -> Message:
        message = self._find(serial)
        if message is None or serial in self.gone:
            raise KeyError(serial)
        bucket = self._bucket(day_of(final_position(message)[0]))
        del bucket[bisect_left(bucket, final_position(message), key=final_position)]
        self.changes[day_of(final_position(message)[0])] += 1
        if message.sent > _SHORT_WAIT:
            entry = (message.created + message.sent, message.serial)
            del self._long_waits[bisect_left(self._long_waits, entry, key=lambda wait: wait[:2])]
        if self._waiting_at is not None and _waits(message, self._waiting_at[0]):
            waiting = self._waiting_at[1]
            del waiting[bisect_left(waiting, _creation(message), key=_creation)]
        return message


def _created(message: Message) -> int:
    return message.created


def _creation(message: Message) -> Position:
    return message.created, message.serial


def _waits(message: Message, now: int) -> bool:
    """Whether the message is created and will be sent, but is not sent yet."""
    return message.sent > 0 and message.created <= now < message.created + message.sent


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Stop Python's garbage collector, which would check every new tuple many times.

    One run at the end removes these tuples from its list, because they cannot be part of a cycle.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
            gc.collect()
