"""All checks: the name, what it needs, and its function. A new check is one function and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from workbench.doctor import (
    account,
    backups,
    events,
    fleet,
    idle_settings,
    lake,
    log,
    machine,
    notices,
    owners,
    reach,
    rules,
    senders,
    traffic,
    worker,
)
from workbench.doctor.check_result import CheckResult
from workbench.doctor.examination import Examination


@dataclass(frozen=True)
class Check:
    """One check."""

    name: str
    run: Callable[[Examination], Iterator[CheckResult]]
    needs_lake: bool = False
    needs_twilio: bool = False
    """Whether it asks Twilio; without the network it is skipped."""
    needs_webhooks: bool = False
    """Whether it judges the numbers and services as Twilio lists them, all of which must be readable."""
    needs_network: bool = False
    """Whether it asks somebody else than Twilio."""

    @property
    def meaning(self) -> str:
        """What is so when it is fine, in one sentence."""
        return (self.run.__doc__ or "").strip().splitlines()[0]


CHECKS: Mapping[str, Check] = {
    check.name: check
    for check in (
        Check("settings", machine.check_settings),
        Check("running-settings", machine.check_running_settings),
        Check("idle-settings", idle_settings.check_idle_settings, needs_lake=True),
        Check("secret-files", machine.check_secret_files),
        Check("packages", machine.check_packages),
        Check("time-zones", machine.check_time_zones),
        Check("clock", machine.check_clock, needs_lake=True),
        Check("fleet", fleet.check_fleet),
        Check("disk", lake.check_disk),
        Check("lake", lake.check_lake, needs_lake=True),
        Check("lake-catalog", lake.check_catalog, needs_lake=True),
        Check("lake-files", lake.check_files, needs_lake=True),
        Check("unknown-files", lake.check_unknown_files, needs_lake=True),
        Check("lake-growth", lake.check_growth, needs_lake=True),
        Check("backup", backups.check_backup),
        Check("credentials", account.check_credentials, needs_twilio=True),
        Check("account", account.check_account_state, needs_twilio=True),
        Check("subaccounts", account.check_subaccounts, needs_lake=True),
        Check("balance", account.check_balance, needs_lake=True, needs_twilio=True),
        Check("usage-trigger", account.check_usage_trigger, needs_twilio=True),
        Check("geo-permissions", account.check_geo_permissions, needs_lake=True),
        Check("sms-capable", senders.check_sms_capable, needs_twilio=True, needs_webhooks=True),
        Check("inbound-webhooks", senders.check_inbound, needs_twilio=True, needs_webhooks=True),
        Check("service-override", senders.check_override, needs_twilio=True, needs_webhooks=True),
        Check("status-callback", senders.check_status_callback, needs_twilio=True, needs_webhooks=True),
        Check("service-senders", senders.check_service_senders, needs_lake=True),
        Check("number-in-service", senders.check_membership, needs_lake=True),
        Check("registration", senders.check_registration, needs_lake=True),
        Check("sender-limits", senders.check_limits, needs_lake=True),
        Check("unused-numbers", senders.check_unused, needs_lake=True),
        Check("webhook-proof", reach.check_webhooks, needs_network=True),
        Check("certificate", reach.check_certificate, needs_network=True),
        Check("webhook-alerts", traffic.check_webhook_alerts, needs_lake=True),
        Check("error-spikes", traffic.check_error_spikes, needs_lake=True),
        Check("stuck-messages", traffic.check_stuck, needs_lake=True),
        Check("sync", log.check_sync, needs_lake=True),
        Check("days-read", log.check_days, needs_lake=True),
        Check("open-messages", log.check_open_messages, needs_lake=True),
        Check("prices", log.check_prices, needs_lake=True),
        Check("sending-dates", log.check_undated, needs_lake=True),
        Check("quarantine", log.check_quarantine, needs_lake=True),
        Check("jobs", log.check_jobs, needs_lake=True),
        Check("worker", worker.check_worker),
        Check("rules", rules.check_rules, needs_lake=True),
        Check("notifications", notices.check_notifications, needs_lake=True),
        Check("owners", owners.check_owners, needs_lake=True),
        Check("event-webhooks", events.check_event_webhooks, needs_lake=True),
        Check("removals", log.check_removals, needs_lake=True),
    )
}
