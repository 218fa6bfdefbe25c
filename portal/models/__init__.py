"""The tables: the ground floor, which imports nothing of the portal but its extensions."""

from portal.models.campaigns import Campaign, CampaignStatus, TemplateVersion
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
    AccountDay,
    AccountStatus,
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
from portal.models.messages import OPEN, WAITING, Message, MessageReply, MessageStatus
from portal.models.practice import Practice
from portal.models.troubleshooting import TroubleshootingNote, TroubleshootingWalk
from portal.models.users import User

__all__ = [
    "OPEN",
    "WAITING",
    "AccountDay",
    "AccountStatus",
    "Campaign",
    "CampaignStatus",
    "CheckState",
    "Contact",
    "ContactImport",
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
