"""Sends one message for a request, once: preflight, the yes, the key, the send, the answer.

The request's key is committed with the message's key in the outbox before anything is sent. What a crash left
unfinished is settled from the outbox, and from Twilio's log where the outbox does not know; only what surely
never got there is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from workbench.api.installation import Installation
from workbench.api.sending import check, draft_of, recipient_rows
from workbench.http_api.idempotency import KeyedWrite, WriteAnswer
from workbench.http_api.problems import ApiProblem, problem_content
from workbench.http_api.routes import ApiAnswer, ApiInput
from workbench.messaging.addresses import mask
from workbench.roles import require_role
from workbench.sending.confirm import is_confirmed
from workbench.sending.confirmed import send_checked
from workbench.sending.context import SendContext
from workbench.sending.outbox import OPEN, Intent, read_intents
from workbench.sending.outgoing import intent_key
from workbench.sending.results import DONE, SendState
from workbench.sending.settle import settle_all
from workbench.sending.verdicts import PreflightResult

_AGAIN_SECONDS = "5"


class ReplyInput(ApiInput):
    """What an answer says. Without `"confirm": true` nothing is sent, and the answer is what would happen."""

    body: str | None = Field(None, max_length=20_000, description="The text; blanks as {{ first_name }}.")
    template: str | None = Field(None, max_length=200, description="Name of a template instead of a text.")
    variables: dict[str, str | int | float | None] | None = Field(None, description="Values of the blanks.")
    media: list[str] | None = Field(
        None, min_length=1, max_length=10, description="Addresses of attachments."
    )
    at: datetime | None = Field(None, description="When Twilio shall send it; a messaging service only.")
    validity_seconds: int | None = Field(None, ge=1, le=36_000)
    content_sid: str | None = Field(
        None, description="Content template of WhatsApp or RCS instead of a text."
    )
    content_variables: dict[str, str] | None = None
    batch: str | None = Field(
        None, min_length=1, max_length=200, description="Within a batch a text is sent to a number once."
    )
    ignore_quiet_hours: bool = Field(False, description="For the role admin; it is kept in the audit trail.")
    confirm: bool | int = Field(False, description="True: really send.")

    def options(self) -> dict[str, Any]:
        """Those of a call that sends, as far as they were given."""
        given = self.model_dump(exclude_none=True, exclude_unset=True)
        return {name: value for name, value in given.items() if name not in _NO_OPTION}


_NO_OPTION = ("to", "body", "ignore_quiet_hours", "confirm", "rows", "to_column")


class ReasonLine(BaseModel):
    """Why a message is blocked, or what to know about it."""

    rule: str
    verdict: str
    text: str


class MessageSent(ApiAnswer):
    """What became of a message, or would become of it."""

    to: str = Field(description="The recipient, masked.")
    state: SendState
    message_sid: str | None
    verdict: Literal["pass", "warn", "block"] | None
    reasons: list[ReasonLine]
    segments: int
    encoding: str | None
    price: Annotated[Decimal | None, Field(description="An estimate.")]
    currency: str | None
    error_code: int | None
    problem: str | None
    key: str = Field(description="Names the message in the outbox.")


def composed(
    installation: Installation, write: KeyedWrite, to: str, body: ReplyInput, options: Mapping[str, Any]
) -> PreflightResult:
    """The verdict on the message of a request.

    Under an `Idempotency-Key` without a batch the key is the batch: another key sends the same text again.

    Args:
        options: as :meth:`ReplyInput.options`, and whose side sends.

    Raises:
        UsageError: the request contradicts itself.
        NotAllowed: quiet hours are to be ignored by somebody who may not.
    """
    if body.ignore_quiet_hours:
        require_role("admin", "send in quiet hours")
    if write.id is not None and body.batch is None:
        options = {**options, "batch": f"api:{write.id}"}
    draft, variables = draft_of(installation, body.body, options)
    rows = recipient_rows(installation, to)
    return check(installation, draft, rows, variables, ignore_quiet_hours=body.ignore_quiet_hours)[0]


def send_once(
    write: KeyedWrite,
    body: ReplyInput,
    compose: Callable[[], PreflightResult],
    *,
    given: BaseModel | None = None,
    shown: Callable[[WriteAnswer], WriteAnswer] = lambda answer: answer,
) -> JSONResponse:
    """Send the message of a request, if it says yes, or answer what became of it before.

    Args:
        given: the request's body, where it is not this one.
        shown: the answer in the form that the caller expects.
    """
    installation = write.installation

    def do() -> WriteAnswer:
        context = installation.send_context
        if (answer := _settled(context, write.subject)) is not None:
            return shown(answer)
        checked = compose()
        confirmed = is_confirmed(body.confirm, 1, context.settings.typed_count_from)
        if confirmed and not checked.is_blocked and checked.facts.sent_as is None:
            write.begin(intent_key(checked.outgoing, context.secret))
        result = send_checked(context, checked, confirmed, ignore_quiet_hours=body.ignore_quiet_hours)
        return shown(_answer(result.as_dict(), result.why(), can_retry=result.can_retry))

    return write.once(given or body, do, begins=False)


def _settled(context: SendContext, key: str | None) -> WriteAnswer | None:
    """What became of the message that an earlier process began for this request; None: nothing was sent."""
    intent = _intent(context, key)
    if intent is not None and intent.state in OPEN:
        settle_all(context)
        intent = _intent(context, key)
    if intent is None or intent.state == "unsent":
        return None
    result = _result_of(intent)
    return _answer(result, intent.problem or "", can_retry=False)


def _intent(context: SendContext, key: str | None) -> Intent | None:
    if key is None:
        return None
    with context.lake.cursor() as cursor:
        return read_intents(cursor, [key]).get(key)


def _result_of(intent: Intent) -> dict[str, Any]:
    """As `SendResult.as_dict`, from what the outbox knows."""
    states: dict[str, SendState] = {"accepted": "sent", "refused": "failed"}
    state = states.get(intent.state, "unclear")
    return {
        "to": mask(intent.contact),
        "state": "scheduled" if state == "sent" and intent.send_at else state,
        "message_sid": intent.message_sid,
        "verdict": None,
        "reasons": [],
        "segments": intent.segments,
        "encoding": None,
        "price": intent.price,
        "currency": intent.currency,
        "error_code": intent.error_code,
        "problem": intent.problem,
        "key": intent.key,
    }


def _answer(result: dict[str, Any], why: str, *, can_retry: bool) -> WriteAnswer:
    """The answer to a result. Final is what was sent, and what Twilio refused for good."""
    state = result["state"]
    if state == "blocked":
        raise ApiProblem(422, "blocked", f"Not sent. {why}", more={"result": result})
    if state == "failed" and can_retry:
        raise ApiProblem(
            503, "not-sent", f"Not sent; the same may work later. {why}",
            headers={"Retry-After": _AGAIN_SECONDS}, more={"result": result},
        )  # fmt: skip
    if state == "failed":
        return WriteAnswer(422, problem_content(422, "refused-by-twilio", f"Not sent. {why}", result=result))
    if state == "unconfirmed":
        result = {**result, "problem": 'Nothing was sent: give "confirm": true to send it.'}
    body = {"as_of": datetime.now(UTC), **result}
    if state == "unclear":
        # Nobody knows yet; the same key asks again and never sends twice.
        return WriteAnswer(202, body, is_final=False)
    if state not in DONE:
        return WriteAnswer(200, body, is_final=False)
    return WriteAnswer(200 if state == "already_sent" else 201, body)
