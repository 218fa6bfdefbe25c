"""What is told of signing in at a provider: what went wrong, why it can't be begun, and how whoever
runs the portal registers it there."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.mail.oauth import AuthorizationServer
from portal.oauth.registration import Refusal

# By the code of a finding, or of the portal itself.
SENTENCES: dict[str, Any] = {
    "oauth_begun_elsewhere": _l(
        "This answer does not belong to a sign-in that was begun in this browser within the last "
        "half hour. Begin the sign-in anew."
    ),
    "oauth_denied": _l(
        "Permission was not given on the provider's page. Sign in again, and agree to what the "
        "page asks."
    ),
    "oauth_admin_needed": _l(
        "In your organisation only an administrator may give this permission. Ask whoever manages "
        "Google Workspace or Microsoft 365 in your practice to allow the portal, then sign in "
        "again."
    ),
    "oauth_tenant": _l(
        "This account is of a kind that can't sign in this way. Sign in with another account, or "
        "by “Another kind of Microsoft account” in the email settings."
    ),
    "oauth_client_refused": _l(
        "The provider does not accept this portal: what it was registered with there no longer "
        "fits, or has run out. Whoever runs the portal can mend that."
    ),
    "oauth_code_refused": _l(
        "This sign-in had been used already, or took too long. Sign in again."
    ),
    "oauth_scope_missing": _l(
        "The provider gave no permission to send mails. Sign in again, and tick every box on its "
        "page."
    ),
    "oauth_refresh_missing": _l(
        "The provider gave permission for an hour only. In the settings of your account there, "
        "remove this portal from the apps with access, then sign in again."
    ),
    "oauth_address_unknown": _l(
        "The provider did not say which mailbox was signed in to. Sign in again; if it goes on, "
        "tell whoever runs the portal."
    ),
    "oauth_clock": _l(
        "The clock of this portal's server and that of the provider are minutes apart, so its "
        "answer can't be trusted. Whoever runs the portal has to set the clock; sign in again "
        "then."
    ),
    "oauth_unreachable": _l(
        "The provider's sign-in can't be reached from here just now. Nothing needs to be changed; "
        "try again in some minutes."
    ),
    "oauth_answer_unclear": _l(
        "The provider's sign-in answered in a way that makes no sense. Try again in some minutes; "
        "if it goes on, tell whoever runs the portal."
    ),
    "oauth_expired": _l(
        "The permission from the provider has ended, mostly because the mailbox's password was "
        "changed or the permission withdrawn there. Sign in there again."
    ),
    "oauth_unused": _l(
        "The permission from the provider has ended because it was not used for too long. Sign in "
        "there again."
    ),
    "oauth_password_changed": _l(
        "The password of the mailbox was changed, which ended the permission to send. Sign in at "
        "the provider again."
    ),
    "oauth_withdrawn": _l(
        "The permission to send was withdrawn at the provider or given up here. To go on, sign in "
        "there again."
    ),
    "oauth_test_mode": _l(
        "The permission has ended after 7 days, as Google has it for an app that is not published. "
        "Sign in again; for good, whoever runs the portal has to publish it at Google."
    ),
    "oauth_policy": _l(
        "Your organisation's rules want a new sign-in. Sign in at the provider again; if that does "
        "not last, ask whoever manages your organisation's mail."
    ),
    "oauth_account_gone": _l(
        "The account that was signed in to has been closed or locked at the provider. Sign in with "
        "one that works."
    ),
    "oauth_registered_anew": _l(
        "This portal was registered anew at the provider, which ended the permission to send. Sign "
        "in there again."
    ),
    "oauth_refused": _l(
        "The mail server did not accept the permission for this user name (OAuth 2.0). Compare it "
        "with the mailbox you signed in to, and sign in again."
    ),
    "permission_unreadable": _l(
        "The stored permission can't be read any more. Sign in at the provider again."
    ),
    "oauth_not_offered": _l(
        "This server lets nobody in by a permission from Google or Microsoft (XOAUTH2). Enter the "
        "provider's own server, or a password."
    ),
}

# What the mail server says, not whoever gives out the permission.
_SAID_BY_SERVER = frozenset({"oauth_refused", "oauth_not_offered"})


def is_said_by_provider(cause: str) -> bool:
    """Whose words stand beside a cause: the provider's, or the mail server's."""
    return cause.startswith("oauth_") and cause not in _SAID_BY_SERVER


REFUSALS: dict[Refusal, Any] = {
    Refusal.not_https: _l(
        "%(provider)s sends nobody back to %(address)s: it wants an address that begins with https."
    ),
    Refusal.not_a_name: _l(
        "%(provider)s sends nobody back to %(address)s: it wants a name there, not a number."
    ),
    Refusal.not_public: _l(
        "%(provider)s sends nobody back to %(address)s: it wants a name that is known on the "
        "internet."
    ),
    Refusal.not_localhost: _l(
        "%(provider)s sends nobody back to %(address)s: on this computer it takes the name "
        "localhost only. Open the portal at %(localhost)s and make that its address."
    ),
}

# The keys of consent_urls where a permission stands, by the tenant that was signed in to; an
# organisation's own has UNLISTED_CONSENT.
CONSENT_KINDS: dict[str, frozenset[str]] = {
    "": frozenset({""}),  # Google has no tenants
    "common": frozenset({"consumers", "organizations"}),
    "consumers": frozenset({"consumers"}),
}
UNLISTED_CONSENT = frozenset({"organizations"})

# By the issuer and the key of its consent_urls.
CONSENT_PAGES: dict[tuple[str, str], Any] = {
    ("google", ""): _l("Open Google's page of apps with access"),
    ("microsoft", "consumers"): _l("For a personal account (Hotmail, Outlook.com)"),
    ("microsoft", "organizations"): _l("For an account of a practice or company (Microsoft 365)"),
}


def consent_pages(server: AuthorizationServer, tenant: str) -> dict[str, str]:
    """Where a person takes a permission back: the pages' addresses by what to call them."""
    kinds = CONSENT_KINDS.get(tenant, UNLISTED_CONSENT)
    urls = server.consent_urls.items()
    return {str(CONSENT_PAGES[server.key, kind]): url for kind, url in urls if kind in kinds}


ACCOUNT_KINDS: dict[str, Any] = {
    "common": _l("Any Microsoft account"),
    "consumers": _l("A personal account (Hotmail, Outlook.com)"),
    "organizations": _l("An account of a practice or company (Microsoft 365)"),
}

# How the portal is registered, by the issuer, in this order.
STEPS: dict[str, Sequence[Any]] = {
    "google": (
        _l(
            "Open console.cloud.google.com, sign in, and make a project, such as “Practice mail”. "
            "A project of the practice's Google Workspace belongs to its organisation."
        ),
        _l(
            "Open “Google Auth Platform” and press “Get started”: a name for the app, your "
            "address, and the audience. For mailboxes of the practice's own Google Workspace take "
            "“Internal”: nothing has to be published then. For gmail.com take “External”."
        ),
        _l("Under “Data access” add the scopes above."),
        _l(
            "Under “Clients” create a client of the type “Web application”, and paste the "
            "redirect address above into “Authorised redirect URIs”."
        ),
        _l(
            "Copy the client ID and the client secret; the secret is shown only once. Set them as "
            "GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET where the portal is started, and restart "
            "it."
        ),
        _l(
            "If the audience is “External”, press “Publish app” under “Audience”. While it is in "
            "testing, only the test users listed there can sign in, and each permission ends "
            "after 7 days. An app that was published but not verified shows a warning at the "
            "sign-in (“Advanced”, then “Go to …”) and serves up to 100 people, which is enough "
            "for a practice."
        ),
    ),
    "microsoft": (
        _l(
            "Open entra.microsoft.com, sign in, and under “App registrations” press “New "
            "registration”."
        ),
        _l(
            "Supported account types: “Accounts in any organizational directory and personal "
            "Microsoft accounts” goes with every mailbox (common). With “Personal accounts only” "
            "sign in as a personal account (consumers), with “any organizational directory” as a "
            "practice or company (organizations), and with “this organizational directory only” "
            "by that directory's ID or domain; all of these stand under “Another kind of "
            "Microsoft account” in the email settings."
        ),
        _l("Redirect URI: the platform “Web”, and the redirect address above."),
        _l(
            "Under “API permissions” add the delegated permissions of Microsoft Graph SMTP.Send, "
            "offline_access, openid, email and profile."
        ),
        _l(
            "Under “Certificates & secrets” make a client secret. Copy its value, not its ID: it "
            "is shown only once. Note the day it ends, after 24 months at most; without a new one "
            "nothing is sent from then on."
        ),
        _l(
            "Set the “Application (client) ID” and the secret's value as MICROSOFT_CLIENT_ID and "
            "MICROSOFT_CLIENT_SECRET where the portal is started, and restart it."
        ),
        _l(
            "In Microsoft 365, “Authenticated SMTP” must be on for the mailbox: in the admin "
            "centre under the user, “Mail”, “Manage email apps”."
        ),
    ),
}
