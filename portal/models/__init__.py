"""The tables: the ground floor, which imports nothing of the portal but its extensions."""

from portal.models.campaigns import LAUNCHED, Campaign, CampaignStatus, TemplateVersion
from portal.models.contacts import (
    Contact,
    ContactImport,
    ImportProblem,
    ImportState,
    Purpose,
    Suppression,
    UnsubscribeToken,
)
from portal.models.mail_account import (
    MOST_SESSIONS,
    AccountDay,
    AccountStatus,
    AccountUsage,
    CheckState,
    HelpRequest,
    LegalNotice,
    MailAccount,
    MailCheck,
    MailGrant,
    MailSettings,
    SessionSlot,
    SettingsState,
)
from portal.models.messages import (
    WAITING,
    Doubt,
    Message,
    MessageReply,
    MessageStatus,
    Outcome,
)
from portal.models.practice import Practice
from portal.models.troubleshooting import TroubleshootingNote, TroubleshootingWalk
from portal.models.users import User

__all__ = [
    "LAUNCHED",
    "MOST_SESSIONS",
    "WAITING",
    "AccountDay",
    "AccountStatus",
    "AccountUsage",
    "Campaign",
    "CampaignStatus",
    "CheckState",
    "Contact",
    "ContactImport",
    "Doubt",
    "HelpRequest",
    "ImportProblem",
    "ImportState",
    "LegalNotice",
    "MailAccount",
    "MailCheck",
    "MailGrant",
    "MailSettings",
    "Message",
    "MessageReply",
    "MessageStatus",
    "Outcome",
    "Practice",
    "Purpose",
    "SessionSlot",
    "SettingsState",
    "Suppression",
    "TemplateVersion",
    "TroubleshootingNote",
    "TroubleshootingWalk",
    "UnsubscribeToken",
    "User",
]
