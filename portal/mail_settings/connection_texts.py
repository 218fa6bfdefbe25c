"""What can be the matter on the way to a server and with signing in, in sentences that say what to
do next: by the code of a diagnosis, or of the portal itself."""

from typing import Any

from flask_babel import lazy_gettext as _l

CONNECTION_SENTENCES: dict[str, Any] = {
    "unknown_host": _l(
        "There is no server of this name. Compare it letter by letter with your provider's help."
    ),
    "name_lookup_failed": _l(
        "The server's name could not be looked up just now (DNS). This passes by itself; check "
        "again in some minutes."
    ),
    "private_address": _l(
        "This server is in a private network, where the portal may not connect. Enter your "
        "provider's public server."
    ),
    "port_not_allowed": _l(
        "The portal may not use this port. Providers have 465 or 587; enter one of them."
    ),
    "connection_refused": _l(
        "The server does not answer on this port. Try 465 with SSL/TLS or 587 with STARTTLS."
    ),
    "connection_timeout": _l(
        "No answer came on this port. Try 465 with SSL/TLS or 587 with STARTTLS, and compare "
        "the server's name."
    ),
    "unreachable": _l(
        "The server can't be reached from here just now. Check again in some minutes."
    ),
    "connection_lost": _l("The server closed the connection. Check again in some minutes."),
    "server_silent": _l(
        "The server took the connection but said nothing. With port 465 choose SSL/TLS, with "
        "587 STARTTLS."
    ),
    "server_slow": _l(
        "The server took too long to answer. This mostly passes by itself; check again in some "
        "minutes."
    ),
    "not_smtp": _l(
        "What answers there does not speak as a mail server (SMTP). With port 465 choose "
        "SSL/TLS, with 587 STARTTLS."
    ),
    "answer_unclear": _l(
        "The server answered in a way that makes no sense. Check again in some minutes; if it goes "
        "on, ask your provider with the server's words."
    ),
    "wrong_security": _l(
        "The server does not expect this protocol on this port. With port 587 choose STARTTLS, "
        "with 465 SSL/TLS."
    ),
    "starttls_missing": _l(
        "The server can't encrypt this connection (it offers no STARTTLS). Choose SSL/TLS, with "
        "port 465."
    ),
    "tls_failed": _l(
        "Portal and server could not agree on an encryption. Ask your provider whether the "
        "server supports TLS 1.2."
    ),
    "certificate_name": _l(
        "The server proves to be another one: its certificate is for another name. Enter the "
        "name from your provider's help."
    ),
    "certificate_expired": _l(
        "The server's proof of its name (certificate) has expired. Whoever runs the server must "
        "renew it."
    ),
    "certificate_self_signed": _l(
        "The server vouches for itself (self-signed certificate), which proves nothing. Enter "
        "your provider's own server, or ask whoever runs this one."
    ),
    "certificate_untrusted": _l(
        "The server's proof of its name (certificate) is from nobody known. Ask your provider, "
        "or whoever runs the server."
    ),
    "authority_unreadable": _l(
        "The file with the additional certificate authority can't be read. Whoever runs the portal "
        "must put it right (MAIL_TRUSTED_CA)."
    ),
    "unencrypted": _l(
        "The server offers no encryption, so the password was not sent. Choose another "
        "protocol, or tick this box if the server is inside your own network."
    ),
    "unconfirmed": _l(
        "The connection broke after the mail was handed over, so it may have arrived. Ask the "
        "recipient before you send it again."
    ),
    "server_refused": _l(
        "The server refused the connection. Ask your provider why, with the server's words."
    ),
    "not_submission": _l(
        "This server takes no mail from its customers' programs. Enter the server for outgoing "
        "mail (SMTP) from your provider's help."
    ),
    "reverse_dns_missing": _l(
        "This server takes mail only from other servers with a name of their own (reverse DNS). "
        "Enter your provider's server for outgoing mail."
    ),
    "greeting_refused": _l(
        "The server did not accept how the portal introduced itself (EHLO). Ask your provider "
        "why, with the server's words."
    ),
    "encryption_required": _l(
        "The server asks for encryption first. Choose SSL/TLS with port 465 or STARTTLS with 587."
    ),
    "blocklisted": _l(
        "The network that the portal sends from is on a block list. Hand the server's words to "
        "whoever runs the portal."
    ),
    "reputation": _l(
        "The provider mistrusts the network or the domain that this mail comes from. Hand the "
        "server's words to your provider."
    ),
    "try_later": _l(
        "The server asks to try again later. Nothing needs to be changed; check again in some "
        "minutes."
    ),
    "auth_missing": _l(
        "The server offers no way to sign in with a password. Ask your provider how programs "
        "sign in."
    ),
    "sign_in_not_offered": _l(
        "The server lets nobody sign in over this connection. Choose SSL/TLS with port 465 or "
        "STARTTLS with 587."
    ),
    "sign_in_required": _l(
        "The server wants a sign-in before it takes mail. Compare the user name with your "
        "provider's help and enter the password again."
    ),
    "sign_in_refused": _l(
        "The server refused the sign-in. Enter the password again; if it is right, ask your "
        "provider with the server's words."
    ),
    "sign_in_blocked": _l(
        "The provider holds this sign-in up because it looks unusual. Open the mailbox in a "
        "browser, confirm that it was you, and check again."
    ),
    "organisation_policy": _l(
        "Your organisation's rules do not allow this sign-in. Its mail administrator can allow it."
    ),
    "smtp_disabled": _l(
        "Sending by other programs (SMTP) is switched off for this mailbox. Switch it on at "
        "your provider, then check again."
    ),
    "account_disabled": _l(
        "The provider has locked this mailbox. Open it in a browser to see why, or call the "
        "provider."
    ),
    "too_many_sign_ins": _l(
        "There were too many sign-ins in a short time. The provider lets nobody in for a while; "
        "wait, and do not try again before."
    ),
    "username_unknown": _l(
        "The server does not know this user name. It is mostly the whole email address; compare "
        "it with your provider's help."
    ),
    "password_refused": _l(
        "The server refused user name or password. Enter the password again; many providers "
        "want an app password here instead of your own."
    ),
    "password_change_needed": _l(
        "The provider wants a new password. Set one on the provider's page, then enter it here."
    ),
    "password_sign_in_gone": _l(
        "This provider no longer lets programs sign in with a password, so no password is right "
        "here. Sign in with Google or Microsoft where the email settings have that; else use "
        "another mailbox."
    ),
    "app_password_needed": _l(
        "The provider wants an app password here, not your usual one. Make one on the "
        "provider's page and enter it."
    ),
    "password_unreadable": _l("The stored password can't be read any more. Enter it again."),
}
