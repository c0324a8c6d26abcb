"""Registrations that senders need: A2P brand and campaigns, toll-free verifications (messaging v1)."""

from __future__ import annotations

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import iso8601
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.rest.numbers import find_row
from workbench.simulator.rest.services import ListHandler, Row, find_service, numbers_in


class Campaigns(ListHandler):
    """`/v1/Services/{MG}/Compliance/Usa2p`"""

    def on_get(self, service_sid: str) -> Row:
        rows = campaign_rows(self.account, find_service(self, service_sid), self.base())
        return self.page_of("compliance", rows)


class OneCampaign(ListHandler):
    """`/v1/Services/{MG}/Compliance/Usa2p/{QE}`"""

    def on_get(self, service_sid: str, sid: str) -> Row:
        rows = campaign_rows(self.account, find_service(self, service_sid), self.base())
        return find_row(rows, sid, self.request.path)


class Brands(ListHandler):
    """`/v1/a2p/BrandRegistrations`"""

    def on_get(self) -> Row:
        return self.page_of("data", brand_rows(self.account, self.base()))


class OneBrand(ListHandler):
    """`/v1/a2p/BrandRegistrations/{BN}`"""

    def on_get(self, sid: str) -> Row:
        return find_row(brand_rows(self.account, self.base()), sid, self.request.path)


class Verifications(ListHandler):
    """`/v1/Tollfree/Verifications`"""

    def on_get(self) -> Row:
        query, rows = self.query(), verification_rows(self.account, self.base())
        for name, field in (("Status", "status"), ("TollfreePhoneNumberSid", "tollfree_phone_number_sid")):
            if query.get(name):
                rows = [row for row in rows if row[field] == query[name]]
        return self.page_of("verifications", rows)


class OneVerification(ListHandler):
    """`/v1/Tollfree/Verifications/{HH}`"""

    def on_get(self, sid: str) -> Row:
        return find_row(verification_rows(self.account, self.base()), sid, self.request.path)


def campaign_rows(ledger: Ledger, service: int, base: str) -> list[Row]:
    """The A2P campaign of a service that has long codes; a service without them has none."""
    if not numbers_in(ledger, service, "long code"):
        return []
    service_sid = ledger.service_sids[service]
    sid = derive_sid(ledger.sid, "QE", service_sid)
    return [
        {
            "sid": sid,
            "account_sid": ledger.sid,
            "brand_registration_sid": derive_sid(ledger.sid, "BN", "brand"),
            "messaging_service_sid": service_sid,
            "description": "Order, delivery and appointment messages to customers who asked for them.",
            "message_samples": ["Your parcel is out for delivery.", "Reminder of your appointment tomorrow."],
            "us_app_to_person_usecase": "LOW_VOLUME",
            "has_embedded_links": True,
            "has_embedded_phone": False,
            "subscriber_opt_in": True,
            "age_gated": False,
            "direct_lending": False,
            "campaign_status": "VERIFIED",
            "campaign_id": f"C{sid[2:8].upper()}",
            "is_externally_registered": False,
            "rate_limits": {"att": {"mps": 1.25, "msg_class": "T"}, "tmobile": {"brand_tier": "LOW"}},
            "message_flow": "Customers tick a box at checkout.",
            "opt_in_message": None,
            "opt_out_message": "You will get no more messages from us.",
            "help_message": "Write to help@example.com.",
            "opt_in_keywords": ["START"],
            "opt_out_keywords": ["STOP"],
            "help_keywords": ["HELP"],
            "date_created": iso8601(ledger.opened_at),
            "date_updated": iso8601(ledger.opened_at),
            "url": f"{base}/v1/Services/{service_sid}/Compliance/Usa2p/{sid}",
            "mock": False,
            "errors": [],
        }
    ]


def brand_rows(ledger: Ledger, base: str) -> list[Row]:
    """The one registered brand."""
    sid = derive_sid(ledger.sid, "BN", "brand")
    url = f"{base}/v1/a2p/BrandRegistrations/{sid}"
    return [
        {
            "sid": sid,
            "account_sid": ledger.sid,
            "customer_profile_bundle_sid": derive_sid(ledger.sid, "BU", "customer"),
            "a2p_profile_bundle_sid": derive_sid(ledger.sid, "BU", "a2p"),
            "date_created": iso8601(ledger.opened_at),
            "date_updated": iso8601(ledger.opened_at),
            "brand_type": "STANDARD",
            "status": "APPROVED",
            "tcr_id": f"B{sid[2:8].upper()}",
            "failure_reason": None,
            "errors": [],
            "url": url,
            "brand_score": 42,
            "brand_feedback": [],
            "identity_status": "VERIFIED",
            "russell_3000": False,
            "government_entity": False,
            "tax_exempt_status": None,
            "skip_automatic_sec_vet": False,
            "mock": False,
            "links": {"brand_vettings": f"{url}/Vettings", "brand_registration_otps": f"{url}/SmsOtp"},
        }
    ]


def verification_rows(ledger: Ledger, base: str) -> list[Row]:
    """One toll-free verification per toll-free number; those on trial are still in review."""
    return [
        _verification(ledger, index, base)
        for index, sender in ledger.inventory.senders()
        if sender.kind == "toll-free"
    ]


def _verification(ledger: Ledger, index: int, base: str) -> Row:
    sender = ledger.profile.senders[index]
    sid = derive_sid(ledger.sid, "HH", sender.address)
    return {
        "sid": sid,
        "account_sid": ledger.sid,
        "customer_profile_sid": derive_sid(ledger.sid, "BU", "customer"),
        "trust_product_sid": derive_sid(ledger.sid, "BU", sender.address),
        "date_created": iso8601(ledger.opened_at),
        "date_updated": iso8601(ledger.opened_at),
        "regulated_item_sid": derive_sid(ledger.sid, "RA", sender.address),
        "business_name": ledger.profile.name,
        "business_website": "https://example.com",
        "notification_email": "help@example.com",
        "use_case_categories": ["MARKETING" if sender.registered else "POLLING_AND_VOTING_NON_POLITICAL"],
        "use_case_summary": sender.label,
        "production_message_sample": "New in the store. Reply STOP to opt out",
        "opt_in_image_urls": ["https://example.com/opt-in.png"],
        "opt_in_type": "WEB_FORM",
        "message_volume": "10,000",
        "tollfree_phone_number_sid": ledger.sender_sids[index],
        "tollfree_phone_number": sender.address,
        "status": "TWILIO_APPROVED" if sender.registered else "IN_REVIEW",
        "url": f"{base}/v1/Tollfree/Verifications/{sid}",
        "rejection_reason": None,
        "error_code": None,
        "edit_allowed": None,
        "rejection_reasons": None,
        "resource_links": {},
        "external_reference_id": None,
    }
