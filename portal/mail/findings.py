"""The causes that a fault can have, and what each means for the settings page."""

from enum import StrEnum, auto
from typing import Literal, NamedTuple

Scope = Literal["account", "recipient", "content"]


class Finding(StrEnum):
    """The stable codes of causes; each has its sentence in the translations."""

    # no reply
    unknown_host = auto()
    name_lookup_failed = auto()
    private_address = auto()
    port_not_allowed = auto()
    connection_refused = auto()
    connection_timeout = auto()
    unreachable = auto()
    connection_lost = auto()
    server_silent = auto()
    server_slow = auto()
    not_smtp = auto()
    answer_unclear = auto()
    wrong_security = auto()
    starttls_missing = auto()
    tls_failed = auto()
    authority_unreadable = auto()
    certificate_name = auto()
    certificate_expired = auto()
    certificate_self_signed = auto()
    certificate_untrusted = auto()
    unencrypted = auto()
    unconfirmed = auto()
    # the server and the way to it
    server_refused = auto()
    not_submission = auto()
    reverse_dns_missing = auto()
    greeting_refused = auto()
    encryption_required = auto()
    blocklisted = auto()
    reputation = auto()
    try_later = auto()
    # signing in
    auth_missing = auto()
    sign_in_not_offered = auto()
    sign_in_required = auto()
    sign_in_refused = auto()
    sign_in_blocked = auto()
    organisation_policy = auto()
    smtp_disabled = auto()
    account_disabled = auto()
    too_many_sign_ins = auto()
    username_unknown = auto()
    password_refused = auto()
    password_change_needed = auto()
    password_sign_in_gone = auto()
    app_password_needed = auto()
    # signing in at the provider (OAuth 2.0)
    oauth_begun_elsewhere = auto()
    oauth_denied = auto()
    oauth_admin_needed = auto()
    oauth_tenant = auto()
    oauth_client_refused = auto()
    oauth_code_refused = auto()
    oauth_scope_missing = auto()
    oauth_refresh_missing = auto()
    oauth_address_unknown = auto()
    oauth_clock = auto()
    oauth_unreachable = auto()
    oauth_answer_unclear = auto()
    # the permission given there
    oauth_expired = auto()
    oauth_unused = auto()
    oauth_password_changed = auto()
    oauth_withdrawn = auto()
    oauth_test_mode = auto()
    oauth_policy = auto()
    oauth_account_gone = auto()
    oauth_registered_anew = auto()
    oauth_refused = auto()
    oauth_not_offered = auto()
    # the sender
    sender_refused = auto()
    sender_not_owned = auto()
    sender_unverified = auto()
    sender_domain_unknown = auto()
    sender_unauthenticated = auto()
    sender_restricted = auto()
    sender_policy = auto()
    own_address_refused = auto()
    # limits
    sending_limit = auto()
    rate_limit = auto()
    too_many_recipients = auto()
    # the recipient
    recipient_unknown = auto()
    recipient_domain_unknown = auto()
    recipient_disabled = auto()
    recipient_full = auto()
    recipient_rate = auto()
    recipient_refused = auto()
    smtputf8_missing = auto()
    greylisted = auto()
    # the mail
    delivery_refused = auto()
    content_refused = auto()
    spam_content = auto()
    attachment_refused = auto()
    infected = auto()
    too_large = auto()
    eight_bit_missing = auto()


class Meaning(NamedTuple):
    """What a cause says of itself.

    `field` is the form field to correct, `kind` the kind of trouble, by which the way out of it is
    found. `permanent` None: the reply's words and code tell; `scope` None: its step does.
    """

    field: str | None
    permanent: bool | None
    scope: Scope | None
    kind: str


MEANINGS: dict[Finding, Meaning] = {
    Finding.unknown_host: Meaning("smtp_server", True, "account", "server"),
    Finding.name_lookup_failed: Meaning(None, False, "account", "wait"),
    Finding.private_address: Meaning("smtp_server", True, "account", "server"),
    Finding.port_not_allowed: Meaning("smtp_port", True, "account", "server"),
    Finding.connection_refused: Meaning("smtp_port", True, "account", "server"),
    Finding.connection_timeout: Meaning("smtp_port", False, "account", "server"),
    Finding.unreachable: Meaning(None, False, "account", "wait"),
    Finding.connection_lost: Meaning(None, False, "account", "wait"),
    Finding.server_silent: Meaning("security", True, "account", "security"),
    Finding.server_slow: Meaning(None, False, "account", "wait"),
    Finding.not_smtp: Meaning("security", True, "account", "security"),
    Finding.answer_unclear: Meaning(None, False, "account", "wait"),
    Finding.wrong_security: Meaning("security", True, "account", "security"),
    Finding.starttls_missing: Meaning("security", True, "account", "security"),
    Finding.tls_failed: Meaning(None, True, "account", "security"),
    Finding.authority_unreadable: Meaning(None, False, "account", "certificate"),
    Finding.certificate_name: Meaning("smtp_server", True, "account", "certificate"),
    Finding.certificate_expired: Meaning(None, True, "account", "certificate"),
    Finding.certificate_self_signed: Meaning("smtp_server", True, "account", "certificate"),
    Finding.certificate_untrusted: Meaning(None, True, "account", "certificate"),
    Finding.unencrypted: Meaning("allow_unencrypted", True, "account", "security"),
    Finding.unconfirmed: Meaning(None, True, "recipient", "wait"),
    Finding.server_refused: Meaning(None, True, "account", "server"),
    Finding.not_submission: Meaning("smtp_server", True, "account", "server"),
    Finding.reverse_dns_missing: Meaning("smtp_server", None, "account", "server"),
    Finding.greeting_refused: Meaning(None, None, "account", "server"),
    Finding.encryption_required: Meaning("security", True, "account", "security"),
    Finding.blocklisted: Meaning(None, None, "account", "reputation"),
    Finding.reputation: Meaning(None, None, "account", "reputation"),
    Finding.try_later: Meaning(None, False, None, "wait"),
    Finding.auth_missing: Meaning(None, True, "account", "server"),
    Finding.sign_in_not_offered: Meaning("security", True, "account", "security"),
    Finding.sign_in_required: Meaning("username", True, "account", "username"),
    Finding.sign_in_refused: Meaning("password", True, "account", "password"),
    Finding.sign_in_blocked: Meaning(None, None, "account", "sign-in-blocked"),
    Finding.organisation_policy: Meaning(None, None, "account", "sign-in-blocked"),
    Finding.smtp_disabled: Meaning(None, None, "account", "smtp-disabled"),
    Finding.account_disabled: Meaning(None, None, "account", "sign-in-blocked"),
    Finding.too_many_sign_ins: Meaning(None, False, "account", "limit"),
    Finding.username_unknown: Meaning("username", True, "account", "username"),
    Finding.password_refused: Meaning("password", True, "account", "password"),
    Finding.password_change_needed: Meaning("password", True, "account", "password"),
    Finding.password_sign_in_gone: Meaning("password", True, "account", "oauth2"),
    Finding.app_password_needed: Meaning("password", True, "account", "app-password"),
    Finding.oauth_begun_elsewhere: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_denied: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_admin_needed: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_tenant: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_client_refused: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_code_refused: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_scope_missing: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_refresh_missing: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_address_unknown: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_clock: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_unreachable: Meaning(None, False, "account", "wait"),
    Finding.oauth_answer_unclear: Meaning(None, False, "account", "wait"),
    Finding.oauth_expired: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_unused: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_password_changed: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_withdrawn: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_test_mode: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_policy: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_account_gone: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_registered_anew: Meaning(None, True, "account", "oauth2"),
    Finding.oauth_refused: Meaning("username", True, "account", "oauth2"),
    Finding.oauth_not_offered: Meaning("smtp_server", True, "account", "server"),
    Finding.sender_refused: Meaning("email", None, "account", "sender"),
    Finding.sender_not_owned: Meaning("email", True, "account", "sender"),
    Finding.sender_unverified: Meaning("email", True, "account", "sender"),
    Finding.sender_domain_unknown: Meaning("email", None, "account", "sender"),
    Finding.sender_unauthenticated: Meaning("email", None, "account", "sender"),
    Finding.sender_restricted: Meaning("email", None, "account", "reputation"),
    Finding.sender_policy: Meaning("email", True, "account", "sender"),
    Finding.own_address_refused: Meaning("email", True, "account", "sender"),
    Finding.sending_limit: Meaning(None, False, "account", "limit"),
    Finding.rate_limit: Meaning(None, False, "account", "limit"),
    Finding.too_many_recipients: Meaning(None, False, "account", "limit"),
    Finding.recipient_unknown: Meaning(None, None, "recipient", "recipient"),
    Finding.recipient_domain_unknown: Meaning(None, None, "recipient", "recipient"),
    Finding.recipient_disabled: Meaning(None, None, "recipient", "recipient"),
    Finding.recipient_full: Meaning(None, False, "recipient", "recipient"),
    Finding.recipient_rate: Meaning(None, False, "recipient", "wait"),
    Finding.recipient_refused: Meaning(None, None, "recipient", "recipient"),
    Finding.smtputf8_missing: Meaning(None, True, "recipient", "recipient"),
    Finding.greylisted: Meaning(None, False, "recipient", "wait"),
    Finding.delivery_refused: Meaning(None, None, "account", "content"),
    Finding.content_refused: Meaning(None, None, "content", "content"),
    Finding.spam_content: Meaning(None, None, "content", "content"),
    Finding.attachment_refused: Meaning(None, None, "content", "content"),
    Finding.infected: Meaning(None, True, "content", "content"),
    Finding.too_large: Meaning(None, True, "content", "content"),
    Finding.eight_bit_missing: Meaning(None, True, "content", "content"),
}
