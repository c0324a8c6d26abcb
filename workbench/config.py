"""Names of the module that :mod:`workbench.settings` replaces."""

from workbench.settings import (
    CREDENTIALS_FILE as CREDENTIALS_FILE,
)
from workbench.settings import (
    DEMO_FOLDER as DEMO_FOLDER,
)
from workbench.settings import (
    INBOUND_PATH as INBOUND_PATH,
)
from workbench.settings import (
    PROBE_FIELD as PROBE_FIELD,
)
from workbench.settings import (
    SETTINGS_FILE as SETTINGS_FILE,
)
from workbench.settings import (
    STATUS_PATH as STATUS_PATH,
)
from workbench.settings import (
    AccessSettings as AccessSettings,
)
from workbench.settings import (
    ConversationsSettings as ConversationsSettings,
)
from workbench.settings import (
    Credentials as Credentials,
)
from workbench.settings import (
    Money as Money,
)
from workbench.settings import (
    Network as Network,
)
from workbench.settings import (
    OAuthSettings as OAuthSettings,
)
from workbench.settings import (
    ReportSettings as ReportSettings,
)
from workbench.settings import (
    RetentionSettings as RetentionSettings,
)
from workbench.settings import (
    Secret as Secret,
)
from workbench.settings import (
    SendingSettings as SendingSettings,
)
from workbench.settings import (
    Settings as Settings,
)
from workbench.settings import (
    SmtpSettings as SmtpSettings,
)
from workbench.settings import (
    check_credentials as check_credentials,
)
from workbench.settings import (
    check_timezone as check_timezone,
)
from workbench.settings import (
    find_home as find_home,
)
from workbench.settings import (
    load_settings as load_settings,
)
from workbench.settings import (
    read_settings as read_settings,
)
from workbench.settings import (
    secret_variables as secret_variables,
)
