"""The environment: defaults, what stops the start, and the keys that are made on the first."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.config import (
    HTMX_INTEGRITY,
    HTMX_URL,
    SOCKET_PATH_BYTES,
    Config,
    ConfigError,
    OAuthRegistration,
)
from portal.vault import Vault

READ_KEYS = "from portal.config import Config as C; c = C.from_environment(); "
READ_KEYS += "print(c.secret_key, *c.encryption_keys)"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Nothing set but a data directory that isn't there yet."""
    for name in [name for name in os.environ if name.isupper()]:
        if name not in {"PATH", "TMPDIR", "HOME"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


def read() -> Config:
    return Config.from_environment()


@pytest.mark.usefixtures("environment")
def test_everything_has_a_default(tmp_path: Path) -> None:
    config, data_dir = read(), tmp_path / "data"
    assert (config.bind, config.port) == ("127.0.0.1", 8000)
    assert config.database_url == f"sqlite:///{data_dir}/portal.db"
    assert config.redis_url == f"unix://{data_dir}/queue.sock"
    assert config.embedded_queue
    assert config.base_url is None
    assert (config.htmx_url, config.htmx_integrity) == (HTMX_URL, HTMX_INTEGRITY)
    assert config.login_limit == "10 per minute"
    assert config.workers == 2
    assert config.mail_private_hosts == ()
    assert config.mail_ports == {25, 465, 587, 2465, 2525, 2587}
    assert config.mail_trusted_ca is None
    assert config.mail_dns_server is None
    assert config.sending_location == ""
    assert config.oauth == dict.fromkeys(("google", "microsoft"), OAuthRegistration("", "", None))
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_the_data_directory_is_instance_here(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.delenv("DATA_DIR")
    environment.chdir(tmp_path)
    assert read().data_dir == tmp_path / "instance"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("WORKERS", "0"),
        ("WORKERS", "many"),
        ("DATABASE_URL", "portal.db"),
        ("DATABASE_URL", "mysql://localhost/portal"),
        ("ENCRYPTION_KEYS", "too short"),
        ("ENCRYPTION_KEYS", ","),
        ("ENCRYPTION_KEYS", ""),
        ("BASE_URL", "mail.example.com"),
        ("BASE_URL", "ftp://mail.example.com"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://mail.example.com/>, <mailto:x@example.com"),
        ("BASE_URL", "https://mail.example.com\nBcc: x@example.com"),
        ("HTMX_URL", "/static/htmx.js"),
        ("HTMX_URL", "https://cdn.example.com; script-src *"),
        ("LOGIN_LIMIT", "ten"),
        ("GOOGLE_OAUTH_BASE", "127.0.0.1:9000"),
        ("MICROSOFT_OAUTH_BASE", "file:///tmp/oauth"),
        ("MAIL_PRIVATE_HOSTS", "127.0.0.0/8, not a host"),
        ("MAIL_PRIVATE_HOSTS", "127.0.0.0/64"),
        ("MAIL_PORTS", "465,smtp"),
        ("MAIL_PORTS", "465,70000"),
        ("MAIL_PORTS", ""),
        ("MAIL_TRUSTED_CA", "/nowhere/ca.pem"),
        ("MAIL_TRUSTED_CA", str(Path(__file__).parent)),
        ("MAIL_TRUSTED_CA", __file__),
        ("MAIL_TRUSTED_CA", os.devnull),
        ("MAIL_DNS_SERVER", "no-such-host.invalid:53"),
        ("MAIL_DNS_SERVER", "127.0.0.1:0"),
        ("MAIL_DNS_SERVER", "127.0.0.1:70000"),
        ("MAIL_DNS_SERVER", "127.0.0.1:"),
        ("MAIL_DNS_SERVER", "127.0.0.1:dns"),
        ("MAIL_DNS_SERVER", ":53"),
        ("MAIL_DNS_SERVER", "[::1:53"),
        ("DATA_DIR", __file__),
        ("DATA_DIR", f"{__file__}/data"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence_that_names_it(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(ConfigError, match=rf".*{name}.*\S+ \S+"):
        read()


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("BASE_URL", "https://mail.example.com/", "base_url", "https://mail.example.com"),
        ("BASE_URL", "http://[::1]:8000", "base_url", "http://[::1]:8000"),
        ("DATABASE_URL", "postgres://u:p@h/n", "database_url", "postgresql+psycopg://u:p@h/n"),
        ("MAIL_PORTS", "465, 2525", "mail_ports", {465, 2525}),
        (
            "MAIL_PRIVATE_HOSTS",
            "10.0.0.0/8, mail.clinic.lan",
            "mail_private_hosts",
            ("10.0.0.0/8", "mail.clinic.lan"),
        ),
        ("MAIL_DNS_SERVER", "127.0.0.1:5353", "mail_dns_server", ("127.0.0.1", 5353)),
        ("MAIL_DNS_SERVER", "localhost:5353", "mail_dns_server", ("127.0.0.1", 5353)),
        ("SENDING_LOCATION", " Frankfurt, Germany ", "sending_location", "Frankfurt, Germany"),
        ("MAIL_DNS_SERVER", "192.0.2.53", "mail_dns_server", ("192.0.2.53", 53)),
        ("MAIL_DNS_SERVER", "[::1]:5353", "mail_dns_server", ("::1", 5353)),
        ("MAIL_DNS_SERVER", "[::1]", "mail_dns_server", ("::1", 53)),
        ("MAIL_DNS_SERVER", "::1", "mail_dns_server", ("::1", 53)),
        ("LOGIN_LIMIT", "3 per hour", "login_limit", "3 per hour"),
        ("REDIS_URL", "redis://localhost:6379/1", "embedded_queue", False),
    ],
)
def test_what_is_set_is_taken(
    environment: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object
) -> None:
    environment.setenv(name, value)
    assert getattr(read(), field) == expected


def test_a_registration_is_read_without_the_space_of_a_paste_and_keeps_its_secret(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("GOOGLE_CLIENT_ID", "1234.apps.googleusercontent.com ")
    environment.setenv("GOOGLE_CLIENT_SECRET", " GOCSPX-secret\n")
    environment.setenv("GOOGLE_OAUTH_BASE", "http://127.0.0.1:9000/")
    google = read().oauth["google"]
    assert google.client_id == "1234.apps.googleusercontent.com"
    assert google.client_secret == "GOCSPX-secret"
    assert google.base == "http://127.0.0.1:9000"
    assert "GOCSPX" not in repr(read())


@pytest.mark.usefixtures("environment")
def test_keys_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = read(), read()
    assert (first.secret_key, first.encryption_keys) == (second.secret_key, second.encryption_keys)
    assert len(first.secret_key) >= 32
    place = "mail_settings/1/password"
    sealed = Vault(first.encryption_keys).seal("secret words", place)
    assert Vault(second.encryption_keys).open(sealed.ciphertext, place) == "secret words"
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "data").iterdir()}
    assert files == {"secret_key": 0o600, "encryption_keys": 0o600}


def test_no_two_portals_share_a_secret(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = read()
    environment.setenv("DATA_DIR", str(tmp_path / "other"))
    second = read()
    assert first.secret_key != second.secret_key
    assert set(first.encryption_keys).isdisjoint(second.encryption_keys)


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    keep = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    command = [sys.executable, "-c", READ_KEYS]
    env = {**keep, "DATA_DIR": str(tmp_path / "data")}
    both = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    first, second = [process.communicate(timeout=60)[0] for process in both]
    assert first == second
    assert len(first.split()) == 2


def test_a_data_directory_with_a_long_path_gets_a_short_socket(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    environment.setenv("DATA_DIR", str(deep))
    config = read()
    assert len(os.fsencode(config.queue_socket)) <= SOCKET_PATH_BYTES
    assert config.queue_socket == read().queue_socket
    assert stat.S_IMODE(config.queue_socket.parent.stat().st_mode) == 0o700
    environment.setenv("DATA_DIR", str(deep / "other"))
    assert read().queue_socket != config.queue_socket
    for socket in (config.queue_socket, read().queue_socket):
        socket.parent.rmdir()
