"""The simulated account as a whole: credentials, clock, main account and subaccounts, built from a seed.

The same seed, start and clock give the same account, row by row, on every machine. Only changes through the
API are not computed from the seed; a state file keeps them over a restart.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from workbench.simulator.account.journal import GENERATOR, Journal, check_header
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.clock import DAY, Clock, day_of, epoch
from workbench.simulator.errors import SimulatorError
from workbench.simulator.traffic.profile import COMPANY, PROFILES, Profile

RETENTION_DAYS = 400


class Account:
    """A simulated Twilio account; make one with :meth:`build`."""

    def __init__(self, profile: Profile, seed: int, start: date, clock: Clock, journal: Journal) -> None:
        self.profile = profile
        self.seed = seed
        self.start = start
        self.clock = clock
        self.lock = threading.RLock()
        """Held while the account is read or changed; requests and tests may come from several threads."""
        self._journal = journal
        first_day = epoch(start.isoformat()) // DAY
        self.main = Ledger(profile, seed, first_day, record=journal.append)
        self.subaccounts = [
            Ledger(sub, seed, first_day, owner_sid=self.main.sid, record=journal.append)
            for sub in profile.subaccounts
        ]

    @classmethod
    def build(
        cls,
        *,
        seed: int = 1,
        messages: int | None = None,
        days: int = 90,
        start: date | str | None = None,
        profile: Profile | str = COMPANY,
        clock: Clock | None = None,
        state: Path | str | None = None,
    ) -> Account:
        """Make the account and its history up to now.

        Args:
            seed: the account and its traffic are computed from it.
            messages: about how many messages in `days` days, subaccounts included; by default the profile's
                number, about 50,000 in 90 days.
            days: how many days ago the traffic begins. Ignored with `start`, or if the state file has one.
            start: first day (UTC) of the traffic.
            profile: a company, or the name of one: "company", "two-currencies", "all-channels".
            clock: the account's now; the real time by default.
            state: a file that keeps the changes made through the API.

        Raises:
            SimulatorError: the state file belongs to another account, or a value is impossible.
        """
        clock = clock or Clock()
        chosen = _profile(profile)
        if messages is not None:
            chosen = chosen.scaled(messages / (chosen.daily_total * days))
        path = Path(state) if state is not None else None
        journal = Journal(path)
        entries = list(journal.read())
        header = _header(chosen, seed)
        if entries:
            check_header(entries[0], header, path)
            start = start or entries[0]["start"]
        first = _start(start, clock, days)
        if entries and entries[0]["start"] != first.isoformat():
            check_header(entries[0], {"start": first.isoformat()}, path)
        if not entries:
            journal.append({**header, "start": first.isoformat()})
        account = cls(chosen, seed, first, clock, journal)
        account.tick()
        for entry in entries[1:]:
            account.ledger(entry["account"]).apply(entry)
        return account

    @property
    def ledgers(self) -> list[Ledger]:
        """The main account, then its subaccounts."""
        return [self.main, *self.subaccounts]

    def ledger(self, sid: str) -> Ledger:
        """The account with a SID; KeyError if it is not one of these."""
        for ledger in self.ledgers:
            if ledger.sid == sid:
                return ledger
        raise KeyError(sid)

    @property
    def account_sid(self) -> str:
        return self.main.sid

    @property
    def auth_token(self) -> str:
        return self.main.auth_token

    @property
    def api_key(self) -> str:
        return self.main.api_key

    @property
    def api_secret(self) -> str:
        return self.main.api_secret

    def now(self) -> int:
        """The account's present second."""
        return int(self.clock.now())

    def tick(self) -> int:
        """The present second, after generating the traffic of its day."""
        now = self.now()
        for ledger in self.ledgers:
            ledger.log.ensure(now)
        return now

    def close(self) -> None:
        """Close the state file."""
        self._journal.close()

    def __repr__(self) -> str:
        return f"<Account {self.account_sid} seed={self.seed} start={self.start.isoformat()}>"


def _profile(profile: Profile | str) -> Profile:
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise SimulatorError(f"No company named {profile!r}; known: {', '.join(sorted(PROFILES))}.")
    return PROFILES[profile]


def _header(profile: Profile, seed: int) -> dict[str, Any]:
    return {
        "generator": GENERATOR,
        "seed": seed,
        "company": profile.name,
        "messages_per_day": round(profile.daily_total, 6),
    }


def _start(start: date | str | None, clock: Clock, days: int) -> date:
    today = datetime.fromtimestamp(day_of(clock.now()) * DAY, UTC).date()
    if start is None:
        return date.fromordinal(today.toordinal() - days)
    first = date.fromisoformat(start) if isinstance(start, str) else start
    if first > today:
        raise SimulatorError(f"The traffic cannot start on {first}: the account's today is {today}.")
    return first
