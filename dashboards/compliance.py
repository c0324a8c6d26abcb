"""Compliance: what should not have been sent, and who asked to be left alone."""

from workbench import ui
from workbench.api.consent_door import open_consent

page = ui.Page(
    "compliance",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(
            [
                "messages_after_opt_out",
                "revocations_late",
                "messages_in_quiet_hours",
                "messages_from_unregistered_senders",
            ]
        ),
        ui.OptOutRequests(open_consent),
        ui.DoNotContact(open_consent),
        ui.Cards(
            [
                "messages_after_opt_out_elsewhere",
                "messages_without_consent",
                "first_contacts_without_opt_out_line",
                "messages_per_person",
                "most_messages_in_a_week",
            ],
            size="small",
        ),
        ui.AuditList(
            "Sent after an opt-out",
            "after-opt-out",
            subtitle="Must be none. By keyword, refusal, import or decision; of that sender or of all.",
            empty="No message went to somebody who had opted out of it.",
            span=6,
        ),
        ui.AuditList(
            "Sent in quiet hours",
            "quiet-hours",
            subtitle="By the strictest clock of where the number may be. Essential messages are in here too.",
            empty="No message went out in quiet hours.",
            span=6,
        ),
        ui.AuditList(
            "Sent by unregistered senders",
            "unregistered",
            subtitle="To US numbers, without a verified campaign or toll-free verification as of today.",
            empty="Every sender to the United States whose registration is known is registered.",
            span=6,
        ),
        ui.AuditList(
            "Sent after an opt-out from another sender",
            "after-opt-out-elsewhere",
            subtitle="One opt-out may have to end everything; which, is for your counsel.",
            empty="Nobody who opted out elsewhere was written to.",
            span=6,
        ),
        ui.AuditList(
            "Opt-out requests past the deadline",
            "late-revocations",
            subtitle="Written in this period and not honoured within 10 business days.",
            empty="Every request was decided in time.",
            span=6,
        ),
        ui.AuditList(
            "Sent without consent on record",
            "without-consent",
            subtitle="No earlier opt-in on record. `workbench consent import` brings yours in.",
            empty="Everybody written to had opted in before.",
            span=6,
        ),
        ui.AuditList(
            "First contact without an opt-out line",
            "first-contact",
            subtitle="The first message to somebody in this log that does not say how to stop.",
            empty="Every first message said how to opt out.",
            span=6,
        ),
        ui.AuditList(
            "Written to most often",
            "frequency",
            subtitle="Messages to one person within seven days, the most first.",
            empty="Nothing was sent in this period with these filters.",
            span=6,
        ),
    ],
    # Opt-out requests are inbound, what was sent to people is outbound.
    defaults={"direction": "all"},
)
page.servable()
