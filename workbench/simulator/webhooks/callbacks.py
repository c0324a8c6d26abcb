"""Posts signed status callbacks and inbound webhooks when the account's clock reaches them.

A worker reads the clock a few times a second and posts everything that changed since. Order, repeats, delays
and losses can be set, because Twilio guarantees nothing about them.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from workbench.simulator.account.account import Account
from workbench.simulator.account.alerts import Alert
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.log import EXTRA
from workbench.simulator.account.recipients import gets_mms
from workbench.simulator.account.requests import Request
from workbench.simulator.account.sending import compose
from workbench.simulator.account.sids import derive_hex
from workbench.simulator.messages import MEDIA_AS_LINK, OUTBOUND_REPLY, STATUSES, Message, timeline
from workbench.simulator.webhooks.forms import (
    Form,
    Urls,
    inbound_form,
    inbound_url,
    is_inbound,
    retry_rule,
    status_form,
    status_url,
    twiml_messages,
)
from workbench.simulator.webhooks.signature import sign

if TYPE_CHECKING:
    import httpx

_LOOK_EVERY = 0.05
_AT_ONCE = 20
_LONGEST_ANSWER, _LONGEST_CONNECT = 15.0, 5.0
_LAST_POSTS = 2.0
_REMEMBERED = 50_000
_NO_CONNECTION, _BAD_ANSWER = 11205, 11200


@dataclass
class Habits:
    """How reliable callbacks are; may be changed while the server runs."""

    order: Literal["timeline", "reversed", "shuffled"] = "timeline"
    """`reversed` and `shuffled` wait for a message's last status and then post all of them."""
    repeats: int = 1
    """How often each one is posted."""
    delay: float = 0.0
    """The longest random delay of each, in real seconds."""
    lost: float = 0.0
    """Share that is never posted."""


@dataclass(frozen=True)
class Post:
    """One form to be posted, signed by the account it belongs to."""

    ledger: Ledger
    message: Message
    url: str
    form: Form

    @property
    def key(self) -> tuple[str, int]:
        return self.ledger.sid, self.message.serial


@dataclass
class _Watch:
    """A message with changes still to come, and how many of them were posted."""

    ledger: Ledger
    steps: int


class Callbacks:
    """The worker; :meth:`run` lives as long as the server."""

    def __init__(self, account: Account, base_url: str, urls: Urls, habits: Habits) -> None:
        self.urls = urls
        self.habits = habits
        self.posted: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        """Every attempt: address, fields, attempt number, and the status or kind of failure."""
        self._account = account
        self._base_url = base_url
        self._rng = random.Random(account.seed)
        self._watched: dict[tuple[str, int], _Watch] = {}
        self._extras_posted: dict[str, int] = {}
        self._waiting: dict[tuple[str, int], list[Post]] = {}
        self._chains: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._alerts: deque[tuple[str, Alert]] = deque(maxlen=_REMEMBERED)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._client: httpx.AsyncClient | None = None
        self._last_look = 0
        self._ending = False

    def alerts(self, account_sid: str) -> list[Alert]:
        """The alerts that failed webhooks of an account raised."""
        return [alert for sid, alert in self._alerts if sid == account_sid]

    def begin(self) -> None:
        """Note the present state; every later change will be posted."""
        account = self._account
        with account.lock:
            self._last_look = account.tick()
            self._watch_those_under_way(self._last_look)

    async def run(self) -> None:
        """Post what is due until cancelled."""
        try:
            await self._look_again_and_again()
        finally:
            await self._end()

    async def _end(self) -> None:
        """Start no further post, wait for those in progress, then close the connections."""
        self._ending = True
        if chains := list(self._chains.values()):
            _, late = await asyncio.wait(chains, timeout=_LAST_POSTS)
            for task in late:
                task.cancel()
            await asyncio.gather(*chains, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _http(self) -> httpx.AsyncClient:
        """The pool of connections, made when the first post is due."""
        import httpx

        if self._client is None:
            timeout = httpx.Timeout(_LONGEST_ANSWER, connect=_LONGEST_CONNECT)
            self._client = httpx.AsyncClient(timeout=timeout, trust_env=False)
        return self._client

    async def _look_again_and_again(self) -> None:
        account = self._account
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with account.lock:
                now = account.tick()
                posts = self._due_posts(self._last_look, now)
            self._last_look = now
            for post in posts:
                self._hand_over(post)

    def _watch_those_under_way(self, now: int) -> None:
        for ledger in self._account.ledgers:
            self._extras_posted[ledger.sid] = len(ledger.log.extras)
            for message in ledger.log.unsettled_since(now - 2 * 86_400, now):
                steps = _steps(message)
                past = sum(at <= now for at, _ in steps)
                if past < len(steps):
                    self._watched[ledger.sid, message.serial] = _Watch(ledger, past)

    def _due_posts(self, last_look: int, now: int) -> list[Post]:
        """The posts that became due since the last look, oldest first."""
        for ledger in self._account.ledgers:
            for message in self._new_messages(ledger, last_look, now):
                self._watched.setdefault((ledger.sid, message.serial), _Watch(ledger, 0))
        timed_posts: list[tuple[int, int, Post]] = []
        for (sid, serial), watch in list(self._watched.items()):
            current = watch.ledger.log.get(serial, now)
            if current is None:
                del self._watched[sid, serial]
                continue
            steps = _steps(current)
            due = [step for step in steps[watch.steps :] if step[0] <= now]
            watch.steps += len(due)
            timed_posts += (
                (at, len(timed_posts), post) for at, post in self._posts(watch.ledger, current, due)
            )
            if watch.steps >= len(steps):
                del self._watched[sid, serial]
        return [post for _, _, post in sorted(timed_posts, key=lambda item: item[:2])]

    def _new_messages(self, ledger: Ledger, last_look: int, now: int) -> list[Message]:
        """Generated messages that became due, and messages from the API, since the last look."""
        posted_extras, extras = self._extras_posted[ledger.sid], ledger.log.extras
        self._extras_posted[ledger.sid] = len(extras)
        by_api = [extras[EXTRA + number] for number in range(posted_extras, len(extras))]
        return [m for m in ledger.log.created_between(last_look, now) if m.serial < EXTRA] + by_api

    def _posts(
        self, ledger: Ledger, message: Message, due: list[tuple[int, int]]
    ) -> Iterator[tuple[int, Post]]:
        """The posts for the due changes of a message; none if no address is set."""
        if is_inbound(message):
            url = inbound_url(ledger, message, self.urls)
            for at, _ in due:
                if url is not None:
                    yield at, Post(ledger, message, url, inbound_form(ledger, message, self._base_url))
            return
        url = status_url(ledger, message, self.urls)
        for at, status in due:
            if url is not None:
                yield at, Post(ledger, message, url, status_form(ledger, message, STATUSES[status], at))

    def _hand_over(self, post: Post) -> None:
        """Queue a post after those of the same message, or keep it until the message's last one is there."""
        if self.habits.order == "timeline" or is_inbound(post.message):
            self._chain([post])
            return
        waiting = self._waiting.setdefault(post.key, [])
        waiting.append(post)
        if len(waiting) < len(_steps(post.message)):
            return
        del self._waiting[post.key]
        waiting.reverse() if self.habits.order == "reversed" else self._rng.shuffle(waiting)
        self._chain(waiting)

    def _chain(self, posts: list[Post]) -> None:
        key = posts[0].key
        before = self._chains.get(key)
        task = asyncio.create_task(self._deliver(posts, before))
        self._chains[key] = task
        task.add_done_callback(lambda done: self._chains.pop(key) if self._chains.get(key) is done else None)

    async def _deliver(self, posts: list[Post], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        for post in posts:
            for _ in range(self.habits.repeats):
                if self._rng.random() >= self.habits.lost:
                    await asyncio.sleep(self._rng.random() * self.habits.delay)
                    if self._ending:
                        return
                    await self._post(post)

    async def _post(self, post: Post) -> None:
        """Post a form, with the retries of its address, and act on the answer."""
        headers = {
            "X-Twilio-Signature": sign(post.ledger.auth_token, post.url, post.form),
            "I-Twilio-Idempotency-Token": derive_hex(post.ledger.sid, f"{sorted(post.form.items())}"),
        }
        rule, attempt = retry_rule(post.url), 0
        while True:
            async with self._slots:
                trouble, answer = await self._try(post, headers, attempt)
            if trouble is None or self._ending or not rule.allows(attempt, trouble):
                break
            attempt += 1
        if trouble is not None:
            code = _NO_CONNECTION if answer is None else _BAD_ANSWER
            alert = Alert(self._account.now(), code, post.form["MessageSid"], post.url)
            self._alerts.append((post.ledger.sid, alert))
        elif answer is not None and is_inbound(post.message):
            self._reply(post, answer.text)

    async def _try(
        self, post: Post, headers: dict[str, str], attempt: int
    ) -> tuple[str | None, httpx.Response | None]:
        """One attempt: the kind of failure (`ct`, `rt`, `4xx`, `5xx`) or None, and the answer if any."""
        import httpx

        trouble, answer = None, None
        try:
            answer = await self._http().post(post.url.partition("#")[0], data=post.form, headers=headers)
            if answer.status_code >= 400:
                trouble = f"{answer.status_code // 100}xx"
        except (httpx.ConnectError, httpx.ConnectTimeout):
            trouble = "ct"
        except (httpx.HTTPError, httpx.InvalidURL):
            trouble = "rt"
        self.posted.append(
            {
                "url": post.url,
                "form": post.form,
                "attempt": attempt,
                "status": None if answer is None else answer.status_code,
                "trouble": trouble,
            }
        )
        return trouble, answer

    def _reply(self, post: Post, twiml: str) -> None:
        """Send the messages in the answer to an inbound webhook, unless the contact has opted out."""
        account, ledger, inbound = self._account, post.ledger, post.message
        with account.lock:
            now = account.tick()
            for body, media in twiml_messages(twiml):
                if ledger.is_opted_out(inbound.contact, ledger.scope(inbound.sender), now):
                    return
                flags = MEDIA_AS_LINK if media and not gets_mms(inbound.contact) else 0
                request = Request(inbound.contact, inbound.sender, -1, body, media, None, None, flags=flags)
                ledger.put(compose(ledger, request, now)._replace(direction=OUTBOUND_REPLY))


def _steps(message: Message) -> list[tuple[int, int]]:
    """The changes that are posted: each status after the first (outbound), or the arrival (inbound)."""
    return timeline(message)[1:]
