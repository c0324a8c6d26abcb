"""An operations workbench for people who run SMS and MMS on Twilio.

    from workbench import Workbench
    wb = Workbench()

Everything that a call gives or raises can be imported from here too. Importing this loads nothing heavy: what
stands below `TYPE_CHECKING` loads when it is asked for, as do pandas, Panel, plotly and the Twilio client.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from workbench.api import Workbench
from workbench.errors import (
    BackupDamaged,
    BackupError,
    CatalogLost,
    ConfigError,
    LakeBusy,
    LakeDamaged,
    LakeError,
    LakeMoved,
    LakeRefused,
    LakeTooNew,
    NotAllowed,
    NotFound,
    NothingKnown,
    ReportDoubtful,
    ReportFailed,
    TwilioAuthError,
    TwilioError,
    TwilioUnavailable,
    UnknownName,
    Unreachable,
    UsageError,
    WorkbenchError,
)
from workbench.settings import Settings, load_settings

if TYPE_CHECKING:
    from workbench.alerts.run import AlertRun
    from workbench.api.backup import BackupsAfterErasure
    from workbench.api.conversation import OpenConversation
    from workbench.api.explain import Explanation
    from workbench.api.metrics import UnknownAttribute
    from workbench.api.outbox import Cancelled
    from workbench.api.status import Status
    from workbench.api.subject import ErasureReport
    from workbench.api.tokens import NewToken
    from workbench.backup.export import Exported
    from workbench.backup.make import BackupMade
    from workbench.compliance.consent_files import ConsentFile
    from workbench.compliance.consent_push import ConsentPush
    from workbench.compliance.do_not_contact import RemovedBlock
    from workbench.compliance.recorded_consent import RecordedConsent
    from workbench.compliance.revocations import RevocationDecision
    from workbench.compliance.trail import TrailCheck
    from workbench.doctor.check_result import Diagnosis
    from workbench.lake.info import LakeInfo
    from workbench.lake.maintenance import Maintained
    from workbench.messaging.address_reader import AddressRefused
    from workbench.messaging.segments import SegmentCount, count_segments
    from workbench.messaging.templates import Template
    from workbench.moving.copying import MoveProgress
    from workbench.moving.results import LakeMove, MoveEnded, MovePlan
    from workbench.notifications.run import NotificationRun
    from workbench.reports.mail import MailUnavailable, MailUncertain
    from workbench.reports.notebooks import ReportNotebook
    from workbench.reports.run import ReportRun
    from workbench.sending.batch import BatchProgress
    from workbench.sending.results import BatchResult, SendResult
    from workbench.sync.imports.bulk_export import BulkExportSummary
    from workbench.sync.imports.summary import ImportSummary
    from workbench.sync.reconcile.run import ReconcileReport
    from workbench.sync.reconcile.state import DayCheck
    from workbench.sync.shared.cancellation import SyncStopped
    from workbench.sync.shared.request import Progress, SyncSummary
    from workbench.twilio.erasing import Removal
    from workbench.views.saved_view import SavedView
    from workbench.views.subscription import Subscription

__all__ = [
    "AddressRefused",
    "AlertRun",
    "BackupDamaged",
    "BackupError",
    "BackupMade",
    "BackupsAfterErasure",
    "BatchProgress",
    "BatchResult",
    "BulkExportSummary",
    "Cancelled",
    "CatalogLost",
    "ConfigError",
    "ConsentFile",
    "ConsentPush",
    "DayCheck",
    "Diagnosis",
    "ErasureReport",
    "Explanation",
    "Exported",
    "ImportSummary",
    "LakeBusy",
    "LakeDamaged",
    "LakeError",
    "LakeInfo",
    "LakeMove",
    "LakeMoved",
    "LakeRefused",
    "LakeTooNew",
    "MailUnavailable",
    "MailUncertain",
    "Maintained",
    "MoveEnded",
    "MovePlan",
    "MoveProgress",
    "NewToken",
    "NotAllowed",
    "NotFound",
    "NothingKnown",
    "NotificationRun",
    "OpenConversation",
    "Progress",
    "ReconcileReport",
    "RecordedConsent",
    "Removal",
    "RemovedBlock",
    "ReportDoubtful",
    "ReportFailed",
    "ReportNotebook",
    "ReportRun",
    "RevocationDecision",
    "SavedView",
    "SegmentCount",
    "SendResult",
    "Settings",
    "Status",
    "Subscription",
    "SyncStopped",
    "SyncSummary",
    "Template",
    "TrailCheck",
    "TwilioAuthError",
    "TwilioError",
    "TwilioUnavailable",
    "UnknownAttribute",
    "UnknownName",
    "Unreachable",
    "UsageError",
    "Workbench",
    "WorkbenchError",
    "count_segments",
    "load_settings",
]

_MODULES = {
    "AddressRefused": "workbench.messaging.address_reader",
    "AlertRun": "workbench.alerts.run",
    "BackupMade": "workbench.backup.make",
    "BackupsAfterErasure": "workbench.api.backup",
    "BatchProgress": "workbench.sending.batch",
    "BatchResult": "workbench.sending.results",
    "BulkExportSummary": "workbench.sync.imports.bulk_export",
    "Cancelled": "workbench.api.outbox",
    "ConsentFile": "workbench.compliance.consent_files",
    "ConsentPush": "workbench.compliance.consent_push",
    "DayCheck": "workbench.sync.reconcile.state",
    "Diagnosis": "workbench.doctor.check_result",
    "ErasureReport": "workbench.api.subject",
    "Explanation": "workbench.api.explain",
    "Exported": "workbench.backup.export",
    "ImportSummary": "workbench.sync.imports.summary",
    "LakeInfo": "workbench.lake.info",
    "LakeMove": "workbench.moving.results",
    "MailUnavailable": "workbench.reports.mail",
    "MailUncertain": "workbench.reports.mail",
    "Maintained": "workbench.lake.maintenance",
    "MoveEnded": "workbench.moving.results",
    "MovePlan": "workbench.moving.results",
    "MoveProgress": "workbench.moving.copying",
    "NewToken": "workbench.api.tokens",
    "NotificationRun": "workbench.notifications.run",
    "OpenConversation": "workbench.api.conversation",
    "Progress": "workbench.sync.shared.request",
    "ReconcileReport": "workbench.sync.reconcile.run",
    "Removal": "workbench.twilio.erasing",
    "ReportNotebook": "workbench.reports.notebooks",
    "ReportRun": "workbench.reports.run",
    "RecordedConsent": "workbench.compliance.recorded_consent",
    "RemovedBlock": "workbench.compliance.do_not_contact",
    "RevocationDecision": "workbench.compliance.revocations",
    "SavedView": "workbench.views.saved_view",
    "SegmentCount": "workbench.messaging.segments",
    "SendResult": "workbench.sending.results",
    "Status": "workbench.api.status",
    "Subscription": "workbench.views.subscription",
    "SyncStopped": "workbench.sync.shared.cancellation",
    "SyncSummary": "workbench.sync.shared.request",
    "Template": "workbench.messaging.templates",
    "TrailCheck": "workbench.compliance.trail",
    "UnknownAttribute": "workbench.api.metrics",
    "count_segments": "workbench.messaging.segments",
}
"""Where the names below `TYPE_CHECKING` are."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
