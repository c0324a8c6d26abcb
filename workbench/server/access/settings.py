"""Whether `[access]` is complete, and from which addresses the pages may be opened."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from workbench.errors import ConfigError
from workbench.settings import AccessSettings, Settings

HOSTS_SETTING = "the list hosts of [access] in workbench.toml"


def access_settings(settings: Settings) -> AccessSettings:
    """`[access]`, with all that signing in through a provider needs.

    Raises:
        ConfigError: naming what is missing.
    """
    access = settings.access
    if access.method == "oauth":
        _check_provider(access)
        if not (access.url and access.roles):
            missing = "roles" if access.url else "url"
            raise ConfigError(
                f'[access] method is "oauth" and {missing} is not set; see docs/deploy.md for an example.'
            )
    return access


def allowed_origins(access: AccessSettings, host: str, port: int) -> tuple[str, ...]:
    """What may stand in an `Origin` header, as `host` or `host:port`.

    Not the host of `public_url`: it is for the hooks, and a tunnel's name is somebody else's tomorrow.
    """
    own = [f"{name}:{port}" for name in dict.fromkeys(("127.0.0.1", "localhost", host))]
    return tuple(dict.fromkeys([*access.configured_hosts, *(own if is_loopback(host) else [])]))


def require_safe_host(host: str, access: AccessSettings) -> None:
    """Refuse an address that other machines reach, unless people have to sign in there.

    Raises:
        ConfigError: with the fix.
    """
    if access.is_on and os.environ.get("BOKEH_ALLOW_WS_ORIGIN"):
        raise ConfigError(
            "BOKEH_ALLOW_WS_ORIGIN is set and would win over the origins of [access]: unset it, and name "
            "them there."
        )
    if is_loopback(host):
        return
    if not access.is_on:
        raise ConfigError(
            f"The pages would be open to other machines at {host!r}, and no sign-in is configured. Set "
            '[access] method = "password" and url in workbench.toml and run `workbench users add NAME --role '
            "admin` (docs/deploy.md), or serve on 127.0.0.1 and come through a tunnel: "
            "ssh -L 5006:127.0.0.1:5006 this-machine."
        )
    if access.url is None:
        raise ConfigError(
            f"The pages are to be served at {host!r}, and [access] url does not say which address people "
            'open: set it in workbench.toml, as url = "https://workbench.example.com".'
        )
    if not (access.is_secure or access.plain_http or is_loopback(urlsplit(access.url).hostname or "")):
        raise ConfigError(
            f"[access] url is {access.url!r}: passwords and messages would travel readable. Put a TLS proxy "
            "in front (docs/deploy.md) and set an https:// url, or set plain_http = true on a network that "
            "is private by other means."
        )


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return host == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def _check_provider(access: AccessSettings) -> None:
    oauth = access.oauth
    for name, value in (("issuer", oauth.issuer), ("client_id", oauth.client_id)):
        if not value:
            raise ConfigError(f'[access] method is "oauth" and [access.oauth] {name} is not set.')
    issuer = urlsplit(oauth.issuer)
    if issuer.scheme != "https" and not (issuer.scheme == "http" and is_loopback(issuer.hostname or "")):
        raise ConfigError(f"[access.oauth] issuer is {oauth.issuer!r}; it must be an https:// address.")
    if oauth.client_secret is None:
        raise ConfigError(
            "The secret of [access.oauth] is missing: set WORKBENCH_OAUTH_SECRET, or oauth_secret in "
            "credentials.toml."
        )
