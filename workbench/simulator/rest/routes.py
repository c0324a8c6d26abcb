"""The paths and their handlers. The paths of all Twilio hosts are served here; they do not collide."""

from __future__ import annotations

from tornado.routing import URLSpec
from tornado.web import Application

from workbench.simulator.rest.accounts import Accounts, OneAccount
from workbench.simulator.rest.alerts import AlertList, OneAlert
from workbench.simulator.rest.available import AvailableCountries, AvailableCountry, AvailableNumbers
from workbench.simulator.rest.base import ApiHandler, UnknownPath
from workbench.simulator.rest.channel_senders import ChannelSenders, OneChannelSender
from workbench.simulator.rest.consents import Consents
from workbench.simulator.rest.contents import Approvals, Contents, OneContent, WhatsAppApproval
from workbench.simulator.rest.control import Control
from workbench.simulator.rest.lookups import Lookup
from workbench.simulator.rest.media import MediaBytes, MediaList, OneMedia
from workbench.simulator.rest.members import OneServiceMember, ServiceMembers
from workbench.simulator.rest.messages import Feedback, MessageResource, Messages
from workbench.simulator.rest.numbers import Numbers, OneNumber, OneShortCode, ShortCodes
from workbench.simulator.rest.pricing import Countries, OneCountry
from workbench.simulator.rest.registrations import (
    Brands,
    Campaigns,
    OneBrand,
    OneCampaign,
    OneVerification,
    Verifications,
)
from workbench.simulator.rest.services import OneService, Services
from workbench.simulator.rest.storage import STORAGE, StoredMedia
from workbench.simulator.rest.triggers import OneTrigger, Triggers
from workbench.simulator.rest.usage import Balance, UsageRecords
from workbench.simulator.runtime import Runtime

_HEX = "[0-9a-fA-F]{32}"
_API = "/2010-04-01/Accounts"
_IN = f"{_API}/(?P<account_sid>AC{_HEX})"
_MESSAGE = f"{_IN}/Messages/(?P<sid>(?:SM|MM){_HEX})"
_MEDIA = f"{_MESSAGE}/Media/(?P<media_sid>ME{_HEX})"
_AVAILABLE = f"{_IN}/AvailablePhoneNumbers"
_SERVICE = f"/v1/Services/(?P<service_sid>MG{_HEX})"
_MEMBERS = "(?P<members>PhoneNumbers|ShortCodes|AlphaSenders)"
_JSON = r"(?:\.json)?"
"""Resources of the 2010 API answer with and without this suffix."""

ROUTES: tuple[tuple[str, type[ApiHandler]], ...] = (
    (_API + _JSON, Accounts),
    (_IN + _JSON, OneAccount),
    (_IN + "/Balance" + _JSON, Balance),
    (_IN + "/Messages" + _JSON, Messages),
    (_MESSAGE + _JSON, MessageResource),
    (_MESSAGE + "/Feedback" + _JSON, Feedback),
    (_MESSAGE + "/Media" + _JSON, MediaList),
    (_MEDIA + r"\.json", OneMedia),
    (_MEDIA, MediaBytes),
    (_IN + "/IncomingPhoneNumbers" + _JSON, Numbers),
    (_IN + f"/IncomingPhoneNumbers/(?P<sid>PN{_HEX})" + _JSON, OneNumber),
    (_IN + "/SMS/ShortCodes" + _JSON, ShortCodes),
    (_IN + f"/SMS/ShortCodes/(?P<sid>SC{_HEX})" + _JSON, OneShortCode),
    (_IN + "/Usage/Records" + _JSON, UsageRecords),
    (_IN + "/Usage/Records/(?P<period>[A-Za-z]+)" + _JSON, UsageRecords),
    (_IN + "/Usage/Triggers" + _JSON, Triggers),
    (_IN + f"/Usage/Triggers/(?P<sid>UT{_HEX})" + _JSON, OneTrigger),
    (_AVAILABLE + _JSON, AvailableCountries),
    (_AVAILABLE + "/(?P<iso>[A-Z]{2})" + _JSON, AvailableCountry),
    (_AVAILABLE + "/(?P<iso>[A-Z]{2})/(?P<kind>[A-Za-z]+)" + _JSON, AvailableNumbers),
    ("/v1/Services", Services),
    (f"/v1/Services/(?P<sid>MG{_HEX})", OneService),
    (f"{_SERVICE}/{_MEMBERS}", ServiceMembers),
    (f"{_SERVICE}/{_MEMBERS}/(?P<sid>[A-Z]{{2}}{_HEX})", OneServiceMember),
    (f"{_SERVICE}/Compliance/Usa2p", Campaigns),
    (f"{_SERVICE}/Compliance/Usa2p/(?P<sid>QE{_HEX})", OneCampaign),
    ("/v2/Channels/Senders", ChannelSenders),
    (f"/v2/Channels/Senders/(?P<sid>XE{_HEX})", OneChannelSender),
    ("/v1/a2p/BrandRegistrations", Brands),
    (f"/v1/a2p/BrandRegistrations/(?P<sid>BN{_HEX})", OneBrand),
    ("/v1/Tollfree/Verifications", Verifications),
    (f"/v1/Tollfree/Verifications/(?P<sid>HH{_HEX})", OneVerification),
    ("/v1/Messaging/Countries", Countries),
    ("/v1/Messaging/Countries/(?P<iso>[A-Z]{2})", OneCountry),
    ("/v1/Content", Contents),
    (f"/v1/Content/(?P<sid>HX{_HEX})", OneContent),
    (f"/v1/Content/(?P<sid>HX{_HEX})/ApprovalRequests", Approvals),
    (f"/v1/Content/(?P<sid>HX{_HEX})/ApprovalRequests/whatsapp", WhatsAppApproval),
    ("/v2/PhoneNumbers/(?P<number>[^/]+)", Lookup),
    ("/v1/Consents/Bulk", Consents),
    ("/v1/Alerts", AlertList),
    (f"/v1/Alerts/(?P<sid>NO{_HEX})", OneAlert),
)


def make_application(runtime: Runtime, *, gzip: bool = False) -> Application:
    """The web application of one account."""
    return Application(
        [
            *(URLSpec(path, handler) for path, handler in ROUTES),
            URLSpec(f"/{STORAGE}/(?P<account_sid>AC{_HEX})/(?P<name>[0-9a-f]{{32}})", StoredMedia),
            URLSpec("/_simulator/?(?P<what>[a-z]*)", Control),
        ],
        default_handler_class=UnknownPath,
        runtime=runtime,
        compress_response=gzip,
        log_function=lambda handler: None,
    )
