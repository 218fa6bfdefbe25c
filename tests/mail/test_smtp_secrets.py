"""What a server echoes of a sign-in is shown to nobody, and its own words stay whole."""

import base64
import socket
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mail.faults import SmtpFault
from portal.mail.sign_in import authenticate
from portal.mail.wire import Wire
from tests.mail.played import setting_up

USER = "clinic@example.test"
PASSWORD = "abcd-Efgh1?ijkl"
PASSWORDS = st.text(min_size=1, max_size=30)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def initial_response(password: str) -> str:
    return in_base64(f"\0{USER}\0{password}")


def shown(reply: str, password: str = PASSWORD) -> str:
    """Return what is kept of the reply that a sign-in gets, in which a line break is \\n."""
    client, server = socket.socketpair()
    with client, server:
        server.sendall("".join(f"{line}\r\n" for line in reply.split("\n")).encode())
        wire = Wire(client)
        wire.limit = time.monotonic() + 10
        with pytest.raises(SmtpFault) as caught:
            authenticate(wire, "PLAIN", USER, password)
    assert caught.value.reply
    return caught.value.reply.text


def pieces(secret: str) -> set[str]:
    return {secret[at : at + 8] for at in range(len(secret.rstrip("=")) - 7)}


@settings(deadline=None, max_examples=100)
@given(data=st.data(), password=PASSWORDS)
def test_no_cut_of_an_echo_tells_eight_characters_of_a_secret(
    data: st.DataObject, password: str
) -> None:
    secrets = (initial_response(password), in_base64(password))
    echo = data.draw(st.sampled_from((f"AUTH PLAIN {secrets[0]}", *secrets)))
    start = data.draw(st.integers(0, len(echo) - 1))
    end = data.draw(st.integers(start + 1, len(echo)))
    around = data.draw(st.sampled_from(("<{}>", "{}", "xyz{}", "{}...", "a{}b")))
    text = shown(f"500 What is {around.format(echo[start:end])}", password)
    assert not [piece for secret in secrets for piece in pieces(secret) if piece in text]


@pytest.mark.parametrize("length", range(1, len(initial_response(PASSWORD)) + 1))
def test_of_an_echoed_command_nothing_of_the_secret_is_left_wherever_it_is_cut(length: int) -> None:
    cut = initial_response(PASSWORD)[:length]
    assert shown(f'500 What is "AUTH PLAIN {cut}"?') == 'What is "AUTH PLAIN ***"?'


@pytest.mark.parametrize("password", ["abc", "abcd", "secret"])
def test_the_whole_line_of_a_short_password_is_not_shown_either(password: str) -> None:
    line = in_base64(password)
    assert shown(f"500 What is {line}?", password) == "What is ***?"
    assert shown(f"500 What is {line.rstrip('=')}?", password) == "What is ***?"


def test_an_echo_in_capitals_is_not_shown() -> None:
    echo = f"AUTH PLAIN {initial_response(PASSWORD)}"
    assert shown(f"500 UNKNOWN: {echo.upper()}") == "UNKNOWN: AUTH PLAIN ***"


def test_an_echo_on_a_line_of_its_own_is_not_shown() -> None:
    text = shown(f"500-What is AUTH PLAIN\n500 {initial_response(PASSWORD)}?")
    assert text == "What is AUTH PLAIN ***?"


@pytest.mark.parametrize("password", ["password", "user", "Bad", "contraseña"])
def test_a_password_that_is_a_word_of_the_reply_leaves_no_gap_in_it(password: str) -> None:
    said = "Bad user name or password, contraseña incorrecta"
    assert shown(f"535 {said}", password) == said


def test_a_word_kept_keeps_the_meaning_of_the_reply() -> None:
    kept = shown("535 Bad user name or password", "password")
    assert setting_up("auth", f"535 {kept}").field == "password"


@pytest.mark.parametrize("password", ["s3cret", "abcdefghijklmnop", "a b  c", "5.7.8x", "¿sí?"])
@pytest.mark.parametrize("around", ["{}", '"{}"', "pw:{}", "({})", "of {}."])
def test_a_password_that_can_be_no_word_is_not_shown(password: str, around: str) -> None:
    assert shown(f"535 Wrong {around.format(password)}", password) == f"Wrong {around}".format(
        "***"
    )


@pytest.mark.parametrize("password", ["7", "5.7", "10", "example.test", "x1"])
def test_a_password_is_not_looked_for_inside_codes_hosts_and_other_words(password: str) -> None:
    said = "5.7.8 Wrong at mail.example.test [192.168.10.5] x1-y2"
    assert shown(f"535 {said}", password) == said


@pytest.mark.parametrize("said", ["AUTH PLAIN not supported", "AUTH LOGIN disabled for user"])
def test_what_a_server_says_of_a_mechanism_is_shown(said: str) -> None:
    assert shown(f"504 {said}") == said
