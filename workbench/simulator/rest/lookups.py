"""Lookups v2: whether a number exists, and its kind of line. Number plans are those of ``phonenumbers``.

Of the data packages only `validation` and `line_type_intelligence` are simulated; the others answer, as for a
number out of coverage, with the error 60600 and no data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from workbench.simulator.account.recipients import number_kind
from workbench.simulator.errors import bad_value
from workbench.simulator.rest.services import ListHandler, Row

_NO_DATA = 60600
_LINE_TYPES = {
    "landline": "landline",
    "mobile": "mobile",
    "landline or mobile": "mobile",
    "toll-free": "tollFree",
    "premium rate": "premium",
    "shared cost": "sharedCost",
    "voip": "nonFixedVoip",
    "personal": "personal",
    "pager": "pager",
    "company": "uan",
    "voicemail": "voicemail",
}
_PACKAGES = (
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_status",
    "line_type_intelligence",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
)


class Lookup(ListHandler):
    """`/v2/PhoneNumbers/{number}`"""

    def on_get(self, number: str) -> Row:
        query = self.query()
        asked = [name for name in query.get("Fields", "").split(",") if name]
        for name in asked:
            if name not in ("validation", *_PACKAGES):
                raise bad_value("Fields", name, f"Allowed: validation, {', '.join(_PACKAGES)}.")
        row = _number(number, query.get("CountryCode") or "US")
        packages = {name: _package(name, row) if name in asked else None for name in _PACKAGES}
        return (
            row | packages | {"url": f"{self.base()}/v2/PhoneNumbers/{quote(row['phone_number'], safe='+')}"}
        )


def _number(text: str, country: str) -> Row:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        is_code = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        return _invalid(text, ["INVALID_COUNTRY_CODE" if is_code else "NOT_A_NUMBER"])
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(parsed):
        results = phonenumbers.ValidationResult
        reasons = {
            results.TOO_SHORT: "TOO_SHORT",
            results.TOO_LONG: "TOO_LONG",
            results.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
            results.INVALID_LENGTH: "INVALID_LENGTH",
        }
        reason = phonenumbers.is_possible_number_with_reason(parsed)
        return _invalid(e164, [reasons.get(reason, "INVALID_BUT_POSSIBLE")])
    return {
        "calling_country_code": str(parsed.country_code),
        "country_code": phonenumbers.region_code_for_number(parsed),
        "phone_number": e164,
        "national_format": phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL),
        "valid": True,
        "validation_errors": None,
    }


def _invalid(number: str, reasons: Sequence[str]) -> Row:
    return {
        "calling_country_code": None,
        "country_code": None,
        "phone_number": number,
        "national_format": None,
        "valid": False,
        "validation_errors": list(reasons),
    }


def _package(name: str, row: Row) -> dict[str, Any]:
    if name != "line_type_intelligence":
        return {"error_code": _NO_DATA}
    kind = number_kind(row["phone_number"]) if row["valid"] else None
    return {
        "carrier_name": None,
        "error_code": None if kind else _NO_DATA,
        "mobile_country_code": None,
        "mobile_network_code": None,
        "type": _LINE_TYPES.get(kind or "", "unknown"),
    }
