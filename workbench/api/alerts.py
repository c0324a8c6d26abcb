"""``wb.alerts``: what is wrong now by the rules of the settings, who was told, and what is muted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.api.namespace import Namespace
from workbench.errors import UnknownName, UsageError, WorkbenchError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.alerts.run import AlertRun
    from workbench.alerts.targets import Target
    from workbench.api.installation import Installation
    from workbench.targets.answers import TargetAnswer

_TEST = "test"


class Alerts(Namespace):
    """What is wrong now by the rules of ``[alerts]``, who was told, and what is muted."""

    def list(self, *, rules: bool = False) -> pd.DataFrame:
        """Open alerts, the critical ones first: since, severity, rule, title, evidence, cause, told, link.

        Args:
            rules: instead the rules: rule, state, severity, watches, limit.
        """
        from workbench.api.alert_frames import open_frame, rules_frame
        from workbench.lake.alerts import read_mutes

        installation = self._installation
        if rules:
            mutes = read_mutes(installation.reader)
            return rules_frame(_rules(installation), installation.settings.alerts, mutes, datetime.now(UTC))
        return open_frame(installation.reader)

    def history(self, *, limit: int = 50) -> pd.DataFrame:
        """Alerts that began, the newest first, and how each notice of them ended.

        Args:
            limit: at most so many alerts.
        """
        from workbench.api.alert_frames import history_frame

        return history_frame(self._installation.reader, limit)

    def test(self, target: str | None = None) -> pd.DataFrame:
        """Send a test notice to each target, or to one, and say what it answered: target, outcome, detail.

        Args:
            target: its name in ``[alert_targets]``, ``mail``, or as ``wb.alerts.test()`` names it.

        Raises:
            UsageError: there is no target at all.
            UnknownName: there is no such target.
        """
        from workbench.api.alert_frames import answers_frame

        installation = self._installation
        targets = {each.name: each for each in _targets(installation)}
        if not targets:
            raise UsageError(
                "Nobody is told: write [alert_targets] into credentials.toml (ops = 'slack://…'), or mail_to "
                "or sms_to under [alerts] in workbench.toml."
            )
        if target is not None and target not in targets:
            raise UnknownName("target", target, targets)
        chosen = [each for name, each in targets.items() if target in (None, name)]
        return answers_frame({each.name: _tell_test(installation, each) for each in chosen})

    def mute(self, rule: str, *, hours: float | None = None) -> None:
        """Tell nobody of a rule; what it finds is still noted and shown on the pages.

        Args:
            rule: its name, as ``wb.alerts.list(rules=True)`` has it.
            hours: for so long; by default until it is unmuted.

        Raises:
            UnknownName: there is no such rule.
        """
        from workbench.lake.alerts import AlertMute, save_mute

        self._require_rule(rule)
        if hours is not None and hours <= 0:
            raise UsageError(f"hours is {hours!r}; write how long nobody shall be told, as 8.")
        now = datetime.now(UTC)
        until = now + timedelta(hours=hours) if hours else None
        save_mute(self._installation.lake, AlertMute(rule, now, until, self._installation.actor))

    def unmute(self, rule: str) -> bool:
        """Tell of a rule again, also of what is open already; whether it was muted.

        Raises:
            UnknownName: there is no such rule.
        """
        from workbench.lake.alerts import take_back_mute

        self._require_rule(rule)
        return take_back_mute(self._installation.lake, rule)

    def run(self) -> AlertRun:
        """Look at every rule now and tell the targets; the schedule does it by itself.

        Raises:
            ConfigError: a rule of the settings is wrong.
            LakeBusy: another look is under way.
        """
        return run_alerts(self._installation, is_asked=True)

    def _require_rule(self, rule: str) -> None:
        known = [each.name for each in _rules(self._installation)]
        if rule not in known:
            raise UnknownName("rule", rule, known)


def run_alerts(installation: Installation, *, is_asked: bool = False) -> AlertRun:
    """One look at the rules; see :func:`workbench.alerts.run.look` and :meth:`Alerts.run`."""
    from workbench.alerts.run import look
    from workbench.conversations.business_hours import keep_business_hours

    settings = installation.settings
    if not settings.alerts.enabled:
        raise UsageError("[alerts] enabled is false, so nothing is watched; set it to true.")
    _rules(installation)
    lake = installation.lake
    with installation.alone("alerts", "look at the alerts"):
        keep_business_hours(lake, settings)
        return look(lake, settings, _targets(installation), datetime.now(UTC), is_asked=is_asked)


def _rules(installation: Installation) -> Any:
    from workbench.alerts.rule_files import installed_rules

    installation.use_own_metrics()
    return installed_rules(installation.settings)[0]


def _targets(installation: Installation) -> list[Target]:
    from workbench.alerts.targets import alert_targets

    return alert_targets(installation.settings, _sms_sender(installation))


def _tell_test(installation: Installation, target: Target) -> TargetAnswer:
    """Tell one target; noted like any notice, so that an SMS counts towards the cap of the day."""
    from workbench.alerts.deliver import tell_test

    return tell_test(installation.lake, installation.settings, target, uuid.uuid4().hex, datetime.now(UTC))


def _sms_sender(installation: Installation) -> Callable[[str, str, str], TargetAnswer]:
    """Sends an SMS of an alert as any other message: consent, opt-outs and caps hold.

    Only the quiet hours do not: the settings name these people so that they are woken. As any such send, it
    is kept in the audit trail.
    """
    from workbench.api.sending import send
    from workbench.targets.answers import TargetAnswer

    def send_sms(number: str, text: str, key: str) -> TargetAnswer:
        try:
            result = send(installation, number, text, 1, True, {"batch": f"alert {key}"})
        except WorkbenchError as error:
            return TargetAnswer("failed", str(error))
        if result.is_done:
            return TargetAnswer("delivered", result.state)
        return TargetAnswer(
            "unknown" if result.state == "unclear" else "failed", f"{result.state}: {result.why()}"
        )

    return send_sms
