"""Actions of a test inside a running account: set its clock, write as a contact, cause faults.

Each action takes the runtime and a body (JSON or query) and returns the answer; a wrong body raises
SimulatorError, KeyError, TypeError or ValueError. `rest/control.py` offers the actions over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from workbench.messaging.segments import count_segments
from workbench.simulator.account.arrivals import arrive, receive
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.sending import ALLOWED_OUTCOMES, PlannedOutcome
from workbench.simulator.account.truth import breaches, summary
from workbench.simulator.clock import epoch
from workbench.simulator.errors import SimulatorError
from workbench.simulator.faults import Fault
from workbench.simulator.messages import DIRECTIONS, INBOUND, STATUSES, Message
from workbench.simulator.runtime import Runtime

Body = dict[str, Any]


def _overview(runtime: Runtime, _: Body) -> Body:
    account = runtime.account
    return {
        "account_sid": account.account_sid,
        "seed": account.seed,
        "start": account.start.isoformat(),
        "now": account.clock.now(),
        "rate": account.clock.rate,
        "accounts": [_describe(ledger) for ledger in account.ledgers],
    }


def _describe(ledger: Ledger) -> Body:
    inventory = ledger.inventory
    return {
        "account_sid": ledger.sid,
        "friendly_name": ledger.profile.name,
        "senders": [
            {**sender._asdict(), "sid": inventory.sender_sids[index]} for index, sender in inventory.senders()
        ],
        "services": {inventory.service_sids[index]: service.name for index, service in inventory.services()},
    }


def _clock(runtime: Runtime, body: Body) -> Body:
    """`set` (ISO 8601 or seconds), `advance` (seconds), `rate` (0 freezes); in that order."""
    clock = runtime.account.clock
    if "set" in body:
        clock.set(body["set"])
    if "advance" in body:
        clock.advance(float(body["advance"]))
    if "rate" in body:
        clock.run(float(body["rate"]))
    runtime.account.tick()
    return {"now": clock.now(), "rate": clock.rate}


def _ledger(runtime: Runtime, body: Body) -> Ledger:
    return runtime.account.ledger(body.get("account_sid") or runtime.account.account_sid)


def _sender(ledger: Ledger, address: str) -> int:
    index = ledger.inventory.sender_index(address)
    if index is None:
        raise SimulatorError(f"{address!r} is not a sender of {ledger.sid}.")
    return index


def _inbound(runtime: Runtime, body: Body) -> Body:
    """A contact writes now: `from`, `to` (a sender), `body`, `media` (how many), `fields` of its webhook."""
    ledger = _ledger(runtime, body)
    now = runtime.account.tick()
    message = receive(
        ledger,
        now,
        sender=_sender(ledger, body["to"]),
        contact=body["from"],
        body=body.get("body", ""),
        media=int(body.get("media", 0)),
    )
    if fields := body.get("fields"):
        values = {str(name): str(value) for name, value in fields.items()}
        ledger.change({"op": "webhook_fields", "serial": message.serial, "fields": values})
    return ledger.rows.row(message, now)


def _arrivals(runtime: Runtime, body: Body) -> list[Body]:
    """`count` contacts write now."""
    ledger = _ledger(runtime, body)
    now = runtime.account.tick()
    return [ledger.rows.row(message, now) for message in arrive(ledger, now, int(body.get("count", 1)))]


def _inject(runtime: Runtime, body: Body) -> Body:
    """Add a message exactly as described, also in the past; see :func:`described`."""
    ledger, now = _ledger(runtime, body), runtime.account.tick()
    message = described(ledger, now, body)
    ledger.put(message)
    return ledger.rows.row(message, max(now, message.created))


def described(ledger: Ledger, now: int, body: Body) -> Message:
    """A message from a description: `contact`, `sender`, and every field that differs from the default.

    `created` is ISO 8601; `sent`, `done`, `read`, `priced`, `picked`, `scheduled` are seconds after it,
    -1 for never.
    """
    text, sender = body.get("body", ""), body.get("sender")
    direction = DIRECTIONS.index(body.get("direction", "outbound-api"))
    inbound = direction == INBOUND
    status = STATUSES.index(body.get("status", "received" if inbound else "delivered"))
    service = body.get("messaging_service_sid")
    return Message(
        ledger.log.next_serial(),
        epoch(body["created"]) if "created" in body else now,
        direction,
        status,
        _sender(ledger, sender) if sender else -1,
        body["contact"],
        ledger.service_sids.index(service) if service else -1,
        text,
        int(body.get("segments", count_segments(text).segments)),
        int(body.get("media", 0)),
        int(body.get("price", 830)),
        int(body.get("error_code", 0)),
        *(int(body.get(name, usual)) for name, usual in _usual_instants(inbound, bool(service)).items()),
    )


def _usual_instants(inbound: bool, with_service: bool) -> dict[str, int]:
    if inbound:
        return {"scheduled": -1, "picked": -1, "sent": 0, "done": 0, "read": -1, "priced": 60}
    return {
        "scheduled": -1,
        "picked": 1 if with_service else -1,
        "sent": 2,
        "done": 5,
        "read": -1,
        "priced": 60,
    }


def _plan_outcome(runtime: Runtime, body: Body) -> Body:
    """Set the outcome of the next message to `to`; see PlannedOutcome."""
    to = body.pop("to")
    planned = PlannedOutcome(**body)
    if planned.status is not None and planned.status not in ALLOWED_OUTCOMES:
        raise SimulatorError(f"status is {planned.status!r}; it is one of {', '.join(ALLOWED_OUTCOMES)}.")
    runtime.planned[to] = planned
    return {"to": to, **asdict(planned)}


def _add_fault(runtime: Runtime, body: Body) -> list[Body]:
    runtime.faults.add(Fault(**body))
    return runtime.faults.describe()


def _faults(runtime: Runtime, _: Body) -> list[Body]:
    return runtime.faults.describe()


def _clear_faults(runtime: Runtime, _: Body) -> list[Body]:
    runtime.faults.clear()
    return []


def _options(runtime: Runtime, body: Body) -> Body:
    option_names = {field.name for field in fields(runtime.options)}
    for name, value in body.items():
        if name not in option_names:
            raise SimulatorError(f"No option named {name!r}; known: {', '.join(sorted(option_names))}.")
        setattr(runtime.options, name, value)
    return asdict(runtime.options)


def _requests(runtime: Runtime, body: Body) -> Body:
    limit = int(body.get("limit", 100))
    return {**runtime.requests.summary(), "latest": runtime.requests.latest(limit)}


def _clear_requests(runtime: Runtime, _: Body) -> Body:
    runtime.requests.clear()
    return runtime.requests.summary()


def _redact(runtime: Runtime, body: Body) -> Body:
    """`sid`: empty the body of a message, as another user does in the console."""
    ledger, message = _message(runtime, body)
    changed = message._replace(body="")
    ledger.put(changed)
    return ledger.rows.row(changed, runtime.account.now())


def _delete(runtime: Runtime, body: Body) -> Body:
    """`sid`: delete a message, as another user does."""
    ledger, message = _message(runtime, body)
    ledger.change({"op": "delete", "serial": message.serial, "at": runtime.account.now()})
    return {"deleted": body["sid"]}


def _message(runtime: Runtime, body: Body) -> tuple[Ledger, Message]:
    now = runtime.account.tick()
    for ledger in runtime.account.ledgers:
        message = ledger.message_by_sid(body["sid"], now)
        if message is not None:
            return ledger, message
    raise SimulatorError(f"No message {body['sid']}.")


def _callbacks(runtime: Runtime, body: Body) -> Body:
    """Change the worker's habits or default addresses (`status_url`, `inbound_url`); returns the posts."""
    worker = runtime.callbacks
    if worker is None:
        raise SimulatorError("This server posts no callbacks.")
    for name in ("order", "repeats", "delay", "lost"):
        if name in body:
            setattr(worker.habits, name, body[name])
    for name in ("status", "inbound"):
        if f"{name}_url" in body:
            worker.urls = worker.urls.with_(**{name: body[f"{name}_url"]})
    latest = list(worker.posted)[-int(body.get("limit", 1000)) :]
    return {"habits": asdict(worker.habits), "urls": asdict(worker.urls), "posted": latest}


Action = Callable[[Runtime, Body], Any]

ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", ""): _overview,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("POST", "inbound"): _inbound,
    ("POST", "arrivals"): _arrivals,
    ("POST", "messages"): _inject,
    ("POST", "outcomes"): _plan_outcome,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "options"): _options,
    ("POST", "options"): _options,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _clear_requests,
    ("POST", "redact"): _redact,
    ("POST", "delete"): _delete,
    ("GET", "callbacks"): _callbacks,
    ("POST", "callbacks"): _callbacks,
    ("GET", "consents"): lambda runtime, _: list(runtime.consents.values()),
    ("GET", "summary"): lambda runtime, _: summary(runtime.account),
    ("GET", "breaches"): lambda runtime, _: breaches(runtime.account),
}
