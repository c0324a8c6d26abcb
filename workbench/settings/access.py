"""The section `[access]` of workbench.toml: how people sign in, and from where pages may be opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from workbench.settings import kinds, values
from workbench.settings.declare import section, setting
from workbench.settings.secret import Secret

ACCESS_METHODS = ("none", "password", "oauth")
_LONGEST_SESSION_HOURS = 24 * 30


@dataclass(frozen=True, eq=False, repr=False)
class OAuthSettings:
    """An OpenID Connect provider, found by its issuer."""

    issuer: str = setting(
        "", kinds.url(), "The provider, at an https:// address.", example='"https://login.example.com"'
    )
    client_id: str = setting("", kinds.text(), "What this program is called there.", example='"workbench"')
    client_secret: Secret | None = setting(
        None,
        kinds.secret(),
        "The client secret there.",
        secret="oauth_secret",
        variable="WORKBENCH_OAUTH_SECRET",
    )  # fmt: skip
    label: str = setting("your organisation", kinds.text(), "Stands on the button that signs in.")


@dataclass(frozen=True, eq=False, repr=False)
class AccessSettings:
    """`roles` maps e-mail addresses (or `*@domain`) to roles; password users have theirs in their file."""

    method: str = setting("none", kinds.choice(*ACCESS_METHODS), "How people sign in to the pages.")
    url: str | None = setting(
        None, kinds.url(bare=True), "What people type to open the pages, behind a TLS proxy.",
        example='"https://workbench.example.com"',
    )  # fmt: skip
    origins: tuple[str, ...] = setting(
        (), values.hosts("hosts, with a port where it is not the usual one"),
        "Further hosts whose pages may open a websocket.",
    )  # fmt: skip
    session_hours: float = setting(
        12.0, kinds.number(0, _LONGEST_SESSION_HOURS, "hours"), "How long somebody stays signed in."
    )
    trusted_proxies: tuple[values.Network, ...] = setting(
        (), values.networks(), "Whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    plain_http: bool = setting(
        False, kinds.flag(), "Allow an http:// address, on a network that is private by other means."
    )
    hosts: tuple[str, ...] = setting(
        (), values.hosts("hosts"), "Further Host names that the pages and the hooks answer to."
    )
    token: bool = setting(True, kinds.flag(), "The first visit needs the token in the printed link.")
    roles: Mapping[str, str] = setting(
        {}, values.roles(), "Roles of those whom a provider signs in, by e-mail address or *@domain.",
        example='"ana@example.com" = "agent"',
    )  # fmt: skip
    teams: Mapping[str, tuple[str, ...]] = setting(
        {}, values.teams(), "Teams that conversations are given to: the names of people who sign in.",
        example='support = ["ana", "ben"]',
    )  # fmt: skip
    oauth: OAuthSettings = section(OAuthSettings, 'An OpenID Connect provider, for method = "oauth".')

    @property
    def provider(self) -> OAuthSettings | None:
        """The provider that signs people in; None if there is none."""
        return self.oauth if self.method == "oauth" else None

    @property
    def is_on(self) -> bool:
        return self.method != "none"

    @property
    def is_secure(self) -> bool:
        """Whether the address that people open is https."""
        return bool(self.url and self.url.startswith("https:"))

    @property
    def configured_hosts(self) -> tuple[str, ...]:
        """The hosts that these settings name, as `host` or `host:port`."""
        public = [urlsplit(self.url).netloc] if self.url else []
        return (*public, *self.origins, *self.hosts)

    def role_of(self, email: str) -> str | None:
        """The role of an address; its own entry counts before the one of its domain."""
        email = email.lower()
        return self.roles.get(email) or self.roles.get("*@" + email.rpartition("@")[2])
