"""The texts of the simulated company and its contacts, in our own words; no real brand, place or person.

A generated body is stored as one number (template, and a seed for its blanks) and rendered when it is read,
so a million bodies need no memory. One template has a curly apostrophe, which makes three segments of a text
of one; one begins with an emoji; one is just over the length of a segment.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from workbench.messaging.segments import count_segments

_SEED_BITS = 32
_SEED_MASK = (1 << _SEED_BITS) - 1

_ITEMS = (
    "kettle",
    "desk lamp",
    "rain jacket",
    "wool blanket",
    "tea set",
    "road bike",
    "bookshelf",
    "garden chair",
)
_PLACES = ("Mill Lane", "Harbor", "Old Town", "North Gate", "River Walk", "Station")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_BLANKS: dict[str, Callable[[int], str]] = {
    "code": lambda seed: f"{seed % 1_000_000:06d}",
    "order": lambda seed: f"{10_000 + seed % 90_000}",
    "time": lambda seed: f"{8 + seed % 11:02d}:{(seed >> 5) % 4 * 15:02d}",
    "item": lambda seed: _ITEMS[seed % len(_ITEMS)],
    "place": lambda seed: _PLACES[(seed >> 3) % len(_PLACES)],
    "day": lambda seed: _DAYS[(seed >> 6) % len(_DAYS)],
    "amount": lambda seed: f"{5 + seed % 95}.{(seed >> 7) % 100:02d}",
    "link": lambda seed: f"https://example.com/{seed % 1_048_576:05x}",
}


class SampleText(NamedTuple):
    purpose: str
    language: str
    text: str
    """With one `%s` for each blank."""
    blanks: tuple[str, ...]
    weight: int
    media: int = 0


def _template(
    purpose: str, text: str, blanks: str = "", language: str = "en", weight: int = 10, media: int = 0
) -> SampleText:
    return SampleText(purpose, language, text, tuple(blanks.split()), weight, media)


TEMPLATES: tuple[SampleText, ...] = (
    _template(
        "otp", "%s is your sign-in code. It is valid for 10 minutes. We will never ask you for it.", "code"
    ),
    _template("otp", "%s ist dein Code zum Anmelden. Er gilt 10 Minuten.", "code", "de"),
    _template("otp", "%s : votre code de connexion. Il est valable 10 minutes.", "code", "fr"),
    _template("otp", "%s es tu clave de acceso. Vale por 10 minutos.", "code", "es"),
    _template("order", "Thanks for your order %s! We are packing your %s now.", "order item"),
    _template(
        "order",
        "Order %s is confirmed: 1 x %s, total %s. We will text you once it leaves our warehouse. "
        "Changed your mind? Cancel until then: %s",
        "order item amount link",
        weight=6,
    ),
    _template("order", "Deine Bestellung %s ist bestätigt. Wir packen sie gerade: %s", "order link", "de"),
    _template("order", "Votre commande %s est confirmée. Reçu et suivi : %s", "order link", "fr"),
    _template("order", "Tu pedido %s está confirmado. Síguelo aquí: %s", "order link", "es"),
    _template("delivery", "Your parcel for order %s is out for delivery. Track it: %s", "order link"),
    _template("delivery", "Delivered: order %s was left at your door at %s.", "order time", weight=6),
    _template("delivery", "Dein Paket %s kommt heute. Verfolgen: %s", "order link", "de"),
    _template("delivery", "Votre colis %s arrive aujourd'hui : %s", "order link", "fr"),
    _template("delivery", "Tu paquete %s llega hoy: %s", "order link", "es"),
    _template(
        "reminder",
        "Appointment reminder: you’re booked at our %s studio on %s at %s. "
        "Can’t make it? Reply C to change, we’ll find another time.",
        "place day time",
    ),
    _template("reminder", "Termin: %s um %s, Studio %s. Absagen? Antworte mit C.", "day time place", "de"),
    _template("reminder", "Rappel : rendez-vous %s à %s, studio %s.", "day time place", "fr"),
    _template("reminder", "Recordatorio: tu cita es el %s a las %s.", "day time", "es"),
    _template(
        "survey", "How did we do with order %s? Reply with a number from 1 (poor) to 5 (great).", "order"
    ),
    _template(
        "promotion",
        "This week only: 20%% off every %s in store and online. Show this text at the till or use code "
        "SAVE%s at checkout. One use each, not on sale items, ends %s night. See what is left: %s "
        "Reply STOP to opt out.",
        "item order day link",
    ),
    _template(
        "promotion", "\U0001f389 New in: the %s you asked for. Look: %s Reply STOP to opt out", "item link"
    ),
    _template(
        "promotion",
        "Members' evening at %s this %s. Free gift with any %s. Txt STOP to end",
        "place day item",
    ),
    _template(
        "promotion", "Here it is: our new %s! %s Reply STOP to opt out", "item link", weight=4, media=1
    ),
    _template("promotion", "Nur heute: %s mit 20%% Rabatt. %s Abmelden im Konto.", "item link", "de"),
    _template("promotion", "Aujourd'hui : -20%% sur %s. %s", "item link", "fr"),
    _template(
        "auto-reply", "Thanks for your message. We are here 9 to 5, Monday to Friday, and will answer soon."
    ),
    _template("answer", "Hi, I looked into order %s for you: it ships on %s. Anything else?", "order day"),
    _template("answer", "Sure, I moved you to %s at %s. See you then!", "day time"),
    _template("answer", "The %s is back in stock at %s. Shall I hold one for you?", "item place"),
    _template("answer", "Refund of %s is on its way, allow three to five days for your bank.", "amount"),
    _template("question", "Hi, where is my order %s?", "order"),
    _template("question", "Can I change my appointment to %s at %s please", "day time"),
    _template("question", "do you have the %s at %s?", "item place"),
    _template("question", "I got charged %s twice \U0001f622 can you check?", "amount", weight=4),
    _template("question", "here is a photo of the %s, it came broken", "item", weight=4, media=1),
    _template("thanks", "Great, thanks!"),
    _template("thanks", "ok thank you \U0001f44d"),
    _template("thanks", "perfect"),
    _template("thanks", "Yes please, and until when are you open on %s?", "day", weight=5),
    _template("rating", "5", weight=12),
    _template("rating", "4", weight=8),
    _template("rating", "2, it came late", weight=3),
    _template("help", "HELP", weight=6),
    _template("help", "info", weight=4),
    _template("opt-out", "STOP", weight=40),
    _template("opt-out", "Stop", weight=18),
    _template("opt-out", "stop ", weight=8),
    _template("opt-out", "UNSUBSCRIBE", weight=6),
    _template("opt-out", "Unsubscribe", weight=4),
    _template("opt-out", "QUIT", weight=3),
    _template("opt-out", "end", weight=3),
    _template("opt-out", "cancel", weight=3),
    _template("opt-out", "STOPALL", weight=2),
    _template("opt-out", "Revoke", weight=1),
    _template("opt-out", "OptOut", weight=1),
    _template("opt-in", "START", weight=8),
    _template("opt-in", "unstop", weight=2),
    _template("revocation", "please stop texting me"),
    _template("revocation", "Stop please"),
    _template("revocation", "take me off your list"),
    _template("revocation", "no mas"),
    _template("revocation", "leave me alone"),
    _template("revocation", "wrong number, do not text me again"),
    _template("revocation", "dejen de mandarme mensajes"),
    _template("revocation", "I don't want these messages anymore"),
)


def render(code: int) -> str:
    """The body for a stored number."""
    template = TEMPLATES[code >> _SEED_BITS]
    if not template.blanks:
        return template.text.replace("%%", "%")
    seed = code & _SEED_MASK
    return template.text % tuple(_BLANKS[blank](seed) for blank in template.blanks)


def body_text(body: str | int) -> str:
    return render(body) if isinstance(body, int) else body


def fill(template: int, seed: int) -> tuple[int, int]:
    """The stored number of a template with its blanks filled from a 32-bit seed, and its segments."""
    code = template << _SEED_BITS | seed
    body = render(code)
    # Blanks are plain GSM-7 and come after any emoji, so only the length decides about the segments.
    return code, _segments_of_length(template, len(body), body)


_segments: dict[tuple[int, int], int] = {}


def _segments_of_length(template: int, length: int, body: str) -> int:
    segments = _segments.get((template, length))
    if segments is None:
        segments = _segments[template, length] = count_segments(body).segments
    return segments


def media_of(body: str | int) -> int:
    return TEMPLATES[body >> _SEED_BITS].media if isinstance(body, int) else 0


def purpose_of(body: str | int) -> str | None:
    """What a generated message is for (`otp`, `promotion`, …); None for one that was not generated."""
    return TEMPLATES[body >> _SEED_BITS].purpose if isinstance(body, int) else None


@cache
def choices(purpose: str, language: str, media: bool = True) -> tuple[int, ...]:
    """Templates for a purpose in a language (if there are none, in English), repeated by their weight."""
    fitting = [
        (index, template)
        for index, template in enumerate(TEMPLATES)
        if template.purpose == purpose and (media or not template.media)
    ]
    spoken = [pair for pair in fitting if pair[1].language == language]
    chosen = spoken or [pair for pair in fitting if pair[1].language == "en"]
    return tuple(index for index, template in chosen for _ in range(template.weight))
