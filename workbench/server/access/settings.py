"""The section `[access]` of ``workbench.toml``: how people sign in, and from where pages may be opened."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from workbench.config import Secret, Settings, read_secret
from workbench.errors import ConfigError, UnknownName
from workbench.roles import ROLES

SECTION = "access"
HOSTS_SETTING = "the list hosts of [access] in workbench.toml"
METHODS = ("none", "password", "oauth")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAMES = (
    "method", "url", "origins", "hosts", "token", "session_hours", "trusted_proxies", "plain_http", "oauth",
    "roles",
)  # fmt: skip
_OAUTH_NAMES = ("issuer", "client_id", "label")
_HOST = re.compile(r"([a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_LONGEST_SESSION_HOURS = 24 * 30


@dataclass(frozen=True)
class OAuthSettings:
    """An OpenID Connect provider, found by its issuer."""

    issuer: str
    client_id: str
    client_secret: Secret
    label: str = "your organisation"


@dataclass(frozen=True)
class AccessSettings:
    """`roles` maps e-mail addresses (or `*@domain`) to roles; password users have theirs in their file.

    `further_hosts` are names by which this server is asked for beside its own. With `needs_token`, pages
    without sign-in open only to whoever has the link that `workbench serve` prints.
    """

    method: str = "none"
    url: str | None = None
    origins: tuple[str, ...] = ()
    further_hosts: tuple[str, ...] = ()
    needs_token: bool = True
    session_hours: float = 12.0
    trusted_proxies: tuple[Network, ...] = ()
    plain_http: bool = False
    roles: Mapping[str, str] = field(default_factory=dict)
    oauth: OAuthSettings | None = None

    @property
    def is_on(self) -> bool:
        return self.method != "none"

    @property
    def is_secure(self) -> bool:
        """Whether people come over https, as far as they can see."""
        return bool(self.url and self.url.startswith("https:"))

    def hosts(self, host: str, port: int) -> tuple[str, ...]:
        """What may stand in an `Origin` header, as `host` or `host:port`.

        Not the host of `public_url`: it is for the hooks, and a tunnel's name is somebody else's tomorrow.
        """
        own = [f"{name}:{port}" for name in dict.fromkeys(("127.0.0.1", "localhost", host))]
        return tuple(dict.fromkeys([*self.configured_hosts, *(own if is_loopback(host) else [])]))

    @property
    def configured_hosts(self) -> tuple[str, ...]:
        """The hosts that `[access]` names."""
        public = [urlsplit(self.url).netloc.lower()] if self.url else []
        return (*public, *self.origins, *self.further_hosts)

    def role_of(self, email: str) -> str | None:
        """The role of an address; its own entry wins over that of its domain."""
        email = email.lower()
        return self.roles.get(email) or self.roles.get("*@" + email.rpartition("@")[2])


def access_settings(settings: Settings, environ: Mapping[str, str] | None = None) -> AccessSettings:
    """Read and check `[access]`.

    Raises:
        ConfigError: naming the setting, its value and what is allowed.
    """
    section = settings.section(SECTION)
    _check_names(section, _NAMES, f"[{SECTION}]")
    method = section.get("method", "none")
    if method not in METHODS:
        raise ConfigError(f"[{SECTION}] method is {method!r}; it can be {', '.join(map(repr, METHODS))}.")
    access = AccessSettings(
        method=method,
        url=_url("url", section["url"]) if section.get("url") else None,
        origins=_hosts(section, "origins"),
        further_hosts=further_hosts(settings),
        needs_token=_flag(section, "token", default=True),
        session_hours=_hours(section.get("session_hours", 12)),
        trusted_proxies=tuple(_network(value) for value in _texts(section, "trusted_proxies")),
        plain_http=_flag(section, "plain_http"),
        roles=_roles(section.get("roles", {})),
        oauth=_oauth(settings, section.get("oauth", {}), environ) if method == "oauth" else None,
    )
    if access.oauth and not (access.url and access.roles):
        missing = "roles" if access.url else "url"
        raise ConfigError(
            f'[{SECTION}] method is "oauth" and {missing} is not set; see docs/deploy.md for an example.'
        )
    return access


def further_hosts(settings: Settings) -> tuple[str, ...]:
    """`[access] hosts`: names by which pages and hooks are asked for beside their own.

    Raises:
        ConfigError: one is no host.
    """
    return _hosts(settings.section(SECTION), "hosts")


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


def _check_names(section: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(section, Mapping):
        raise ConfigError(f"{where} must be a section of workbench.toml.")
    for name in section:
        if name not in known:
            raise ConfigError(str(UnknownName(f"{where} setting", name, known)))


def _texts(section: Mapping[str, Any], name: str) -> list[str]:
    value = section.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f'[{SECTION}] {name} is {value!r}; write a list of texts, as ["one", "two"].')
    return value


def _flag(section: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = section.get(name, default)
    if not isinstance(value, bool):
        raise ConfigError(f"[{SECTION}] {name} is {value!r}; write true or false, without quotes.")
    return value


def _url(name: str, value: Any) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if not parts or parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ConfigError(
            f"[{SECTION}] {name} is {value!r}; it must look like https://workbench.example.com, no path."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"[{SECTION}] {name} has more than scheme, host and port; give the bare address.")
    # As browsers write it in `Origin`.
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default)}"


def _hosts(section: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_host(value, name) for value in _texts(section, name))


def _host(value: str, name: str) -> str:
    netloc = (urlsplit(value).netloc if "//" in value else value).lower()
    if not _HOST.fullmatch(netloc):
        raise ConfigError(
            f"[{SECTION}] {name} has {value!r}; write hosts, as workbench.example.com or 10.0.0.5:8443."
        )
    return netloc


def _hours(value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= _LONGEST_SESSION_HOURS
    ):
        raise ConfigError(
            f"[{SECTION}] session_hours is {value!r}; write hours, up to {_LONGEST_SESSION_HOURS}."
        )
    return float(value)


def _network(value: str) -> Network:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise ConfigError(
            f"[{SECTION}] trusted_proxies has {value!r}; write addresses, as 127.0.0.1 or 10.0.0.0/24."
        ) from error
    if network.prefixlen == 0:
        raise ConfigError(
            f"[{SECTION}] trusted_proxies has {value!r}, which is everybody; name the proxy's own address."
        )
    return network


def _roles(section: Any) -> dict[str, str]:
    if not isinstance(section, Mapping):
        raise ConfigError('[access.roles] must be a section, with lines as "ana@example.com" = "agent".')
    for email, role in section.items():
        if "@" not in email or role not in ROLES or "*" in email.removeprefix("*@"):
            raise ConfigError(
                f"[access.roles] has {email!r} = {role!r}; write an e-mail address or *@domain, and one of "
                f"{', '.join(ROLES)}."
            )
    return {email.lower(): role for email, role in section.items()}


def _oauth(settings: Settings, section: Any, environ: Mapping[str, str] | None) -> OAuthSettings:
    _check_names(section, _OAUTH_NAMES, "[access.oauth]")
    for name in ("issuer", "client_id"):
        if not isinstance(section.get(name), str) or not section[name].strip():
            raise ConfigError(f'[access] method is "oauth" and [access.oauth] {name} is not set.')
    issuer = urlsplit(section["issuer"])
    if issuer.scheme != "https" and not (issuer.scheme == "http" and is_loopback(issuer.hostname or "")):
        raise ConfigError(f"[access.oauth] issuer is {section['issuer']!r}; it must be an https:// address.")
    secret = read_secret("oauth_secret", settings.home, environ)
    if secret is None:
        raise ConfigError(
            "The secret of [access.oauth] is missing: set WORKBENCH_OAUTH_SECRET, or oauth_secret in "
            "credentials.toml."
        )
    label = str(section.get("label") or "your organisation")
    return OAuthSettings(section["issuer"].rstrip("/"), section["client_id"], secret, label)
