"""The rules that always hold: what happens when somebody opts out. To read, not to change.

The labels are put by the same engine as those of other rules. The rest is enforced where messages are sent
and where webhooks are answered, whether rules run or not.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.settings.rules import RuleActions, RuleSettings

OPTED_OUT = "opted-out"
"""The label of a conversation whose contact opted out; no other rule may put it or take it off."""


@dataclass(frozen=True)
class BuiltInRule:
    """A rule of the product, in words; `rule` is the part that the engine carries out."""

    name: str
    when: str
    does: str
    rule: RuleSettings | None = None


BUILT_IN: tuple[BuiltInRule, ...] = (
    BuiltInRule(
        "opt-out-label",
        "Somebody opts out: STOP and Twilio's other words, the words of [keywords] and of the campaigns, or "
        "what Advanced Opt-Out says (OptOutType), in whatever language.",
        f"Label the conversation {OPTED_OUT}.",
        RuleSettings("opt-out-label", "opted_out", actions=RuleActions(label=(OPTED_OUT,))),
    ),
    BuiltInRule(
        "opt-in-label", "Somebody opts in again: START, or a word of [keywords] opt_in.",
        f"Take the label {OPTED_OUT} off.",
        RuleSettings("opt-in-label", "opted_in", actions=RuleActions(unlabel=(OPTED_OUT,))),
    ),
    BuiltInRule(
        "opt-out-block", "Anything is about to be sent to somebody who opted out, by anybody.",
        "Block it, at every door; nothing overrides it. What is scheduled for them at Twilio is cancelled.",
    ),
    BuiltInRule(
        "opt-out-confirm", "An opt-out comes by webhook, and neither Twilio nor the network answers it.",
        "Confirm it with [webhooks] opt_out_reply, once; what a sync brings is not confirmed again.",
    ),
    BuiltInRule(
        "keyword-silence", "A message is a keyword (opt-out, opt-in, help).",
        "No rule answers it, and none takes it for a message.",
    ),
)  # fmt: skip

BUILT_IN_NAMES = frozenset(rule.name for rule in BUILT_IN)
ACTING = tuple(rule.rule for rule in BUILT_IN if rule.rule)
"""Those that the engine carries out, before every other rule."""
