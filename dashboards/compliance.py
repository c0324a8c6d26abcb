"""Compliance: what should not have been sent, and who asked to be left alone."""

from workbench import ui
from workbench.ui.panels import audits

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
        ui.Cards(
            [
                "revocations_waiting",
                "messages_after_opt_out_elsewhere",
                "messages_without_consent",
                "first_contacts_without_opt_out_line",
                "messages_per_person",
                "most_messages_in_a_week",
            ],
            size="small",
        ),
        ui.Table(
            "Wishes to read",
            audits.revocation_queue,
            subtitle="Free words that may mean stop, of any time. Open one to read it and see how to decide.",
            empty="Nobody's wish is waiting to be read.",
            span=6,
        ),
        ui.Table(
            "Sent after an opt-out",
            audits.breaches("after-opt-out"),
            subtitle="Must be none. By keyword, refusal, import or decision; of that sender or of all.",
            empty="No message went to somebody who had opted out of it.",
            span=6,
        ),
        ui.Table(
            "Sent in quiet hours",
            audits.breaches("quiet-hours"),
            subtitle="By the strictest clock of where the number may be. Essential messages are in here too.",
            empty="No message went out in quiet hours.",
            span=6,
        ),
        ui.Table(
            "Sent by unregistered senders",
            audits.breaches("unregistered"),
            subtitle="To US numbers, without a verified campaign or toll-free verification as of today.",
            empty="Every sender to the United States whose registration is known is registered.",
            span=6,
        ),
        ui.Table(
            "Sent after an opt-out from another sender",
            audits.breaches("after-opt-out-elsewhere"),
            subtitle="One opt-out may have to end everything; which, is for your counsel.",
            empty="Nobody who opted out elsewhere was written to.",
            span=6,
        ),
        ui.Table(
            "Opt-outs past the clock",
            audits.breaches("late-revocations"),
            subtitle="Wishes not honoured within ten business days.",
            empty="Every wish was read in time.",
            span=6,
        ),
        ui.Table(
            "Sent without consent on record",
            audits.breaches("without-consent"),
            subtitle="No earlier opt-in in the ledger. Bring yours in with `workbench consent import`.",
            empty="Everybody written to had opted in before.",
            span=6,
        ),
        ui.Table(
            "First contact without an opt-out line",
            audits.breaches("first-contact"),
            subtitle="The first message to somebody in this log that does not say how to stop.",
            empty="Every first message said how to opt out.",
            span=6,
        ),
        ui.Table(
            "Written to most often",
            audits.breaches("frequency"),
            subtitle="Messages to one person within seven days, the most first.",
            empty="Nothing was sent in this period with these filters.",
            span=12,
        ),
    ],
    # The wishes of people are inbound, what was sent to them is outbound.
    defaults={"direction": "all"},
)
page.servable()
