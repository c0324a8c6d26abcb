"""``wb.rules``: what is done by itself, tried out on the past, switched on and off."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace
from workbench.errors import ConfigError, NotAllowed, UnknownName, UsageError

if TYPE_CHECKING:
    import os

    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.automation.fire import RuleTools
    from workbench.automation.run import RuleRounds
    from workbench.automation.situation import Situation
    from workbench.lake.connect import Lake
    from workbench.lake.rules import RuleAction, RuleFiring
    from workbench.settings import Settings

log = logging.getLogger(__name__)

_DAYS = 7
MOST_TESTED = 50_000


class Rules(Namespace):
    """What is done by itself on what happens: ``[[rules]]`` of workbench.toml, and the built-in rules."""

    def list(self) -> pd.DataFrame:
        """Every rule in its order, then the built-in ones, and how often each fired in the last 7 days.

        Returns:
            A row for each; `fault` says why a rule cannot be carried out.
        """
        from workbench.api.rule_frames import rules_frame

        installation = self._installation
        since = datetime.now(UTC) - timedelta(days=_DAYS)
        return rules_frame(installation.settings, installation.reader, since)

    def test(
        self,
        file: str | os.PathLike[str] | None = None,
        *,
        since: date | str | None = None,
        rule: str | None = None,
        limit: int = 10_000,
    ) -> pd.DataFrame:
        """What the rules would have done on past messages or on texts of a table; changes nothing.

        Args:
            file: a table with a column ``body``, and ``from``, ``to``, ``at``, ``media`` where it has them;
                by default the messages of the lake.
            since: the first day of the messages of the lake; by default 7 days ago.
            rule: this rule only, also where it is off.
            limit: at most so many of the latest messages.

        Returns:
            A row for each rule that would have fired; ``frame.attrs`` has ``messages`` (the sample),
            ``since`` and ``as_of``.

        Raises:
            UnknownName: there is no such rule.
            UsageError: the table cannot be read, or there are both a table and `since`.
            ConfigError: a rule of the settings cannot be carried out.
        """
        from workbench.api.rule_frames import matches_frame
        from workbench.automation.dry_run import dry_run
        from workbench.automation.rules import automation_rules, open_calendar
        from workbench.display.periods import parse_day

        if file is not None and since is not None:
            raise UsageError("There are a table and since, which is about the lake; give one of them.")
        if not 1 <= limit <= MOST_TESTED:
            raise UsageError(f"limit is {limit}; it must be from 1 to {MOST_TESTED:,}.")
        installation, now = self._installation, datetime.now(UTC)
        if rule is not None:
            _require_rule(installation, rule)
        rules = automation_rules(installation.settings)
        is_on = _switched(installation)
        tried = [each for each in rules if is_on[each.name] or each.name == rule]
        begins_at = None
        if file is None:
            first = parse_day(since, "since") or (now - timedelta(days=_DAYS)).date()
            begins_at = datetime.combine(first, time(), tzinfo=UTC)
            situations = _past(installation, begins_at, now, limit)
        else:
            situations = _of_table(installation, file, now)
        matches = dry_run(tried, situations, open_calendar(installation.settings), rule)
        frame = matches_frame(matches)
        texts = {situation.event.message_sid for situation in situations}
        matched = len(set(frame["message_sid"]))
        frame.attrs.update(messages=len(texts), matched=matched, since=begins_at, as_of=now)
        return frame

    def enable(self, rule: str) -> None:
        """Switch a rule on, whatever workbench.toml says; that file is not changed.

        Raises:
            UnknownName: there is no such rule.
            NotAllowed: only an admin may.
        """
        switch(self._installation, rule, True)

    def disable(self, rule: str) -> None:
        """Switch a rule off, whatever workbench.toml says; a built-in rule cannot be.

        Raises:
            UnknownName: there is no such rule.
            NotAllowed: only an admin may, and nobody a built-in rule.
        """
        switch(self._installation, rule, False)

    def history(self, rule: str | None = None, *, limit: int = 50) -> pd.DataFrame:
        """What rules did, the newest first: each with its outcome, and why an answer was not sent.

        Args:
            rule: of this rule only.
            limit: at most so many.
        """
        from workbench.api.rule_frames import history_frame
        from workbench.lake.rules import read_firings

        if rule is not None:
            _require_rule(self._installation, rule)
        long_ago = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
        return history_frame(read_firings(self._installation.reader, long_ago, rule, limit))


def switch(installation: Installation, rule: str, is_on: bool) -> None:
    """See :meth:`Rules.enable` and :meth:`Rules.disable`."""
    from workbench.automation.built_in import BUILT_IN_NAMES
    from workbench.lake.rules import RuleSwitch, save_switch
    from workbench.roles import require_role

    actor = require_role("admin", "switch a rule on or off").actor
    if rule in BUILT_IN_NAMES:
        raise NotAllowed(
            f"{rule} is a built-in rule: it keeps the wish of people who opted out, so it is always on."
        )
    _require_rule(installation, rule)
    save_switch(installation.lake, RuleSwitch(rule, is_on, datetime.now(UTC), actor))


def rule_tools(installation: Installation) -> RuleTools:
    """What the rules of an installation act with; the worker runs them."""
    from workbench.automation.fire import RuleTools
    from workbench.automation.reply import AutoReplies
    from workbench.automation.rules import open_calendar, rule_checks

    settings, replies, no_replies = installation.settings, None, "There are no credentials to send with."
    if settings.optional_credentials is not None:
        try:
            context = installation.send_context
            replies = AutoReplies(installation.lake, context, settings.home, installation.contact_zones)
        except ConfigError as error:
            no_replies = f"Nothing can be sent: {error}"
    return RuleTools(
        installation.lake,
        open_calendar(settings),
        replies,
        partial(_tell, installation),
        rule_checks(settings),
        no_replies,
    )


class RuleConsumer:
    """The rules as a consumer of the feed: what the worker runs, again and again, over one lake."""

    def __init__(self) -> None:
        self._installation: Installation | None = None
        self._rounds: RuleRounds | None = None

    def __call__(self, lake: Lake, settings: Settings, now: datetime) -> datetime | None:
        """One round; when it wants to be called even if nothing happens.

        Raises:
            LakeError: the lake cannot be read or written now; events wait until it can.
        """
        from workbench.api.installation import Installation
        from workbench.automation.run import RuleRounds
        from workbench.conversations.business_hours import keep_business_hours

        if self._rounds is None or self._installation is None or self._installation.lake is not lake:
            if self._installation is not None:
                self._installation.close()
            self._installation = Installation(settings, lake=lake)
            try:
                keep_business_hours(lake, settings)
            except ConfigError as error:
                log.error("rules that ask for the business hours cannot be carried out: %s", error)
            self._rounds = RuleRounds(rule_tools(self._installation), tuple(settings.rules.values()))
        self._rounds.run(now)
        return self._rounds.next_at


def _switched(installation: Installation) -> dict[str, bool]:
    from workbench.lake.rules import read_switches

    switches = read_switches(installation.reader)
    return {
        rule.name: switches[rule.name].is_on if rule.name in switches else rule.enabled
        for rule in installation.settings.rules.values()
    }


def _require_rule(installation: Installation, rule: str) -> None:
    from workbench.automation.built_in import BUILT_IN_NAMES

    known = [*installation.settings.rules, *BUILT_IN_NAMES]
    if rule not in known:
        raise UnknownName("rule", rule, known, remedy="Write it into workbench.toml: docs/rules.md.")


def _past(installation: Installation, since: datetime, now: datetime, limit: int) -> list[Situation]:
    from workbench.automation.read_situations import read_past_situations, read_past_waiting

    installation.require_log()
    lake = installation.reader
    situations = read_past_situations(lake, since, now, limit)
    if any(rule.after is not None for rule in installation.settings.rules.values()):
        situations += read_past_waiting(lake, since, now)
    return sorted(situations, key=lambda each: (each.happened_at, each.event.key))


def _of_table(installation: Installation, file: str | os.PathLike[str], now: datetime) -> list[Situation]:
    import os

    from workbench.automation.dry_run import situations_of_rows
    from workbench.lake.own_keywords import check_keywords
    from workbench.messaging.keywords import keyword
    from workbench.table_files import read_table

    table = read_table(os.fspath(file))
    table.require_clean()
    own = check_keywords(installation.settings.keywords)
    return situations_of_rows(table.records(), lambda body: keyword(body, own=own), now)


def _tell(installation: Installation, target: str, firing: RuleFiring) -> RuleAction:
    """Tell a target of alerts that a rule fired; neither a number nor a text of anybody is in it."""
    from workbench.alerts.targets import alert_targets
    from workbench.lake.rules import RuleAction
    from workbench.targets.answers import NoticeWords, TargetAnswer

    def no_sms(number: str, text: str, key: str) -> TargetAnswer:
        return TargetAnswer("failed", "rules tell nobody by SMS")

    link = f"/inbox?conversation={firing.conversation_id}"
    text = f"The rule {firing.rule} fired. The conversation: {link}"
    words = NoticeWords(f"Rule {firing.rule}", text, text, f"rule {firing.rule} {firing.event_key}")
    for each in alert_targets(installation.settings, no_sms):
        if each.name == target:
            answer = each.tell(words)
            outcome = "done" if answer.outcome == "delivered" else answer.outcome
            return RuleAction("notify", target, outcome, answer.detail)
    return RuleAction("notify", target, "failed", "There is no such target any more.")
