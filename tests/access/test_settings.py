"""The section [access]: what is possible, and one clear line for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.server.access.settings import access_settings, allowed_origins, require_safe_host
from workbench.settings import AccessSettings, load_settings

OAUTH = 'method = "oauth"\nurl = "https://w.example.com"\n[access.oauth]\nissuer = "https://id.example.com"\n'


def read(home: Path, text: str, secret: str | None = "s3cret-of-the-client") -> AccessSettings:
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text("[access]\n" + text)
    environ = {"WORKBENCH_HOME": str(home)} | ({"WORKBENCH_OAUTH_SECRET": secret} if secret else {})
    return access_settings(load_settings(environ))


def test_without_the_section_there_is_no_sign_in(home: Path) -> None:
    assert not read(home, "").is_on


def test_a_password_set_up(home: Path) -> None:
    access = read(
        home,
        'method = "password"\nurl = "https://W.example.com:443/"\norigins = ["other.example.com:8443"]\n'
        'session_hours = 8\ntrusted_proxies = ["127.0.0.1", "10.1.0.0/16"]\n',
    )
    assert access.is_on
    assert access.is_secure
    assert allowed_origins(access, "0.0.0.0", 5006) == ("w.example.com", "other.example.com:8443")
    assert allowed_origins(access, "127.0.0.1", 5006)[2:] == ("127.0.0.1:5006", "localhost:5006")


def test_further_hosts_and_the_token(home: Path) -> None:
    access = read(home, 'hosts = ["10.0.0.5:5006", "Balancer.example", "[FD00::1]:80"]\ntoken = false\n')
    assert access.hosts == ("10.0.0.5:5006", "balancer.example", "[fd00::1]:80")
    assert allowed_origins(access, "127.0.0.1", 5006) == (
        "10.0.0.5:5006", "balancer.example", "[fd00::1]:80", "127.0.0.1:5006", "localhost:5006"
    )  # fmt: skip
    assert not access.token
    assert read(home, "").token


def test_roles_by_address_win_over_those_of_the_domain(home: Path) -> None:
    access = read(
        home,
        OAUTH + 'client_id = "x"\n[access.roles]\n"Ana@example.com" = "admin"\n"*@example.com" = "viewer"\n',
    )
    assert access.role_of("ana@EXAMPLE.com") == "admin"
    assert access.role_of("bo@example.com") == "viewer"
    assert access.role_of("ana@example.com.evil.net") is None
    assert "s3cret" not in repr(access)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('method = "pasword"', "method is 'pasword'; it can be 'none', 'password', 'oauth'"),
        ('metod = "password"', "metod"),
        ('method = "password"\nurl = "w.example.com"', "must look like https://"),
        ('method = "password"\nurl = "https://w.example.com/bench"', "no path"),
        ('method = "password"\norigins = ["*"]', "origins has '\\*'"),
        ('method = "password"\norigins = "a"', "write a list"),
        ('hosts = ["10.0.0.5/8"]', "hosts has '10.0.0.5/8'"),
        ('hosts = ["user@10.0.0.5"]', "hosts has 'user@10.0.0.5'"),
        ('hosts = ["a b"]', "hosts has 'a b'"),
        ('hosts = "10.0.0.5"', "write a list"),
        ('token = "false"', "write true or false, without quotes"),
        ("session_hours = 0", "session_hours is 0"),
        ("session_hours = true", "session_hours is True"),
        ('trusted_proxies = ["0.0.0.0/0"]', "which is everybody"),
        ('trusted_proxies = ["proxy"]', "trusted_proxies has 'proxy'"),
        ('plain_http = "yes"', "plain_http is 'yes'"),
        ('[access.roles]\n"ana" = "admin"', "'ana' = 'admin'"),
        ('[access.roles]\n"a@b.c" = "root"', "'root'"),
        (OAUTH, "client_id is not set"),
        (OAUTH + 'client_id = "x"', "roles is not set"),
        (OAUTH.replace("https://id", "http://id") + 'client_id = "x"', "issuer is 'http://id.example.com'"),
    ],
)
def test_what_is_not_possible_is_named(home: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(home, text)


def test_a_missing_client_secret_is_named(home: Path) -> None:
    with pytest.raises(ConfigError, match="WORKBENCH_OAUTH_SECRET"):
        read(home, OAUTH + 'client_id = "x"', secret=None)


@pytest.mark.parametrize(
    ("access", "message"),
    [
        (AccessSettings(), "no sign-in is configured"),
        (AccessSettings("password"), r"\[access\] url does not say"),
        (AccessSettings("password", "http://w.example.com"), "travel readable"),
    ],
)
def test_an_open_host_needs_sign_in_an_address_and_tls(access: AccessSettings, message: str) -> None:
    require_safe_host("127.0.0.1", access)
    with pytest.raises(ConfigError, match=message):
        require_safe_host("0.0.0.0", access)


def test_an_open_host_with_all_of_it_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    require_safe_host("0.0.0.0", AccessSettings("password", "https://w.example.com"))
    require_safe_host("0.0.0.0", AccessSettings("password", "http://w.example.com", plain_http=True))
    monkeypatch.setenv("BOKEH_ALLOW_WS_ORIGIN", "*")
    with pytest.raises(ConfigError, match="BOKEH_ALLOW_WS_ORIGIN"):
        require_safe_host("127.0.0.1", AccessSettings("password"))
