"""Settings: precedence, checks, and secrets that stay secret."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.settings import Secret, find_home, load_settings

SID, TOKEN, KEY = "AC" + "1" * 32, "token-of-the-account", "SK" + "2" * 32


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"WORKBENCH_HOME": str(home), **more}


def write(home: Path, name: str, text: str, mode: int = 0o600) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    path = home / name
    path.write_text(text)
    path.chmod(mode)
    return path


def test_defaults(home: Path) -> None:
    settings = load_settings(environment(home))
    assert settings.catalog == f"sqlite:{home}/lake/catalog.sqlite"
    assert (settings.timezone, settings.sync.lookback_days, settings.twilio.base_url) == ("UTC", 3, None)


def test_the_environment_wins_over_the_file(home: Path) -> None:
    write(home, "workbench.toml", 'timezone = "Europe/Berlin"\n[sync]\nlookback_days = 5\n')
    assert load_settings(environment(home)).timezone == "Europe/Berlin"
    assert load_settings(environment(home)).sync.lookback_days == 5
    assert load_settings(environment(home, WORKBENCH_TIMEZONE="Asia/Kolkata")).timezone == "Asia/Kolkata"


def test_credentials_from_the_environment(home: Path) -> None:
    token = load_settings(environment(home, TWILIO_ACCOUNT_SID=SID, TWILIO_AUTH_TOKEN=TOKEN))
    assert token.credentials.basic_auth == (SID, TOKEN)
    key = load_settings(
        environment(home, TWILIO_ACCOUNT_SID=SID, TWILIO_API_KEY=KEY, TWILIO_API_SECRET="its-secret")
    )
    assert key.credentials.basic_auth == (KEY, "its-secret")


def test_an_account_of_the_environment_is_not_mixed_with_the_files_secrets(home: Path) -> None:
    write(home, "credentials.toml", f'account_sid = "{SID}"\nauth_token = "{TOKEN}"\n')
    with pytest.raises(ConfigError, match="AUTH_TOKEN"):
        load_settings(environment(home, TWILIO_ACCOUNT_SID="AC" + "9" * 32))


def test_without_credentials_the_fix_is_named(home: Path) -> None:
    settings = load_settings(environment(home))
    with pytest.raises(ConfigError, match=r"TWILIO_ACCOUNT_SID.*workbench init.*workbench demo"):
        _ = settings.credentials


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"TWILIO_ACCOUNT_SID": "AC123", "TWILIO_AUTH_TOKEN": TOKEN}, "'AC123'"),
        ({"TWILIO_ACCOUNT_SID": SID}, "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_ACCOUNT_SID": SID, "TWILIO_API_KEY": KEY}, "TWILIO_API_SECRET"),
        ({"TWILIO_ACCOUNT_SID": SID, "TWILIO_API_SECRET": "x"}, "TWILIO_API_KEY"),
        ({"TWILIO_ACCOUNT_SID": SID, "TWILIO_API_KEY": "K", "TWILIO_API_SECRET": "x"}, "'K'"),
        ({"WORKBENCH_TIMEZONE": "Mars/Olympus"}, "'Mars/Olympus'"),
        ({"WORKBENCH_TIMEZONE": "../etc/passwd"}, "no time zone"),
        ({"WORKBENCH_TWILIO_BASE_URL": "127.0.0.1:80"}, "'127.0.0.1:80'"),
        ({"WORKBENCH_PUBLIC_URL": "ftp://x"}, "'ftp://x'"),
        (
            {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_SUBACCOUNT_TOKENS": "AC1=x"},
            "AC…=token,AC…=token",
        ),
    ],
)
def test_wrong_values_are_named(home: Path, variables: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_settings(environment(home, **variables))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("timezone = ", "not valid TOML"),
        ("sync = 3", r"\[sync\]"),
        ("[sync]\nlookback_days = true", "lookback_days is True"),
        ("[sync]\nlookback_days = 401", "from 0 to 400"),
        ('[twilio]\nauth_token = "x"', "Secrets do not belong there"),
    ],
)
def test_a_wrong_settings_file_is_named(home: Path, text: str, named: str) -> None:
    write(home, "workbench.toml", text)
    with pytest.raises(ConfigError, match=named):
        load_settings(environment(home))


def test_a_credentials_file_that_others_can_read_is_refused(home: Path) -> None:
    write(home, "credentials.toml", f'account_sid = "{SID}"\nauth_token = "{TOKEN}"\n', mode=0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_settings(environment(home))


def test_no_secret_in_any_text(home: Path) -> None:
    settings = load_settings(environment(home, TWILIO_ACCOUNT_SID=SID, TWILIO_AUTH_TOKEN=TOKEN))
    texts = [repr(settings), str(settings), repr(settings.credentials), f"{settings.credentials.auth_token}"]
    assert not [text for text in texts if TOKEN in text]
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Secret(TOKEN))


def test_home_is_found_from_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "data" / "lake").mkdir(parents=True)
    below = tmp_path / "notebooks" / "explore"
    below.mkdir(parents=True)
    assert find_home({}, below) == tmp_path / "data"
    assert find_home({"WORKBENCH_HOME": "/elsewhere"}, below) == Path("/elsewhere")


def test_the_demo_is_used_only_while_nothing_real_is_set_up(tmp_path: Path) -> None:
    write(tmp_path / "data" / "demo", "workbench.toml", "")
    demo = tmp_path / "data" / "demo"
    assert find_home({}, tmp_path) == demo
    assert find_home({"WORKBENCH_HOME": str(tmp_path / "data")}, tmp_path) == demo
    assert find_home({"TWILIO_ACCOUNT_SID": SID}, tmp_path) == tmp_path / "data"
    write(tmp_path / "data", "workbench.toml", "")
    assert find_home({}, tmp_path) == tmp_path / "data"


def test_with_nothing_set_up_home_is_data_here(tmp_path: Path) -> None:
    assert find_home({}, tmp_path) == tmp_path / "data"
