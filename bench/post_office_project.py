"""A Django project that sends one campaign by django-post_office, run by peer.py in an environment
of its own.

Reads the task as JSON from standard input, and writes how many seconds queueing and sending took.
The setting is the fastest that was found: processes of one thread, no log rows, all mails in one
batch, rendered when they are queued."""

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command


def configure(task: dict[str, Any]) -> None:
    """SQLite as a careful Django user sets it up, and the server to send by."""
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": "peer.db",
                "OPTIONS": {"timeout": 30, "init_command": "PRAGMA journal_mode=WAL"},
            }
        },
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        EMAIL_HOST=task["host"],
        EMAIL_PORT=task["port"],
        POST_OFFICE={
            "BATCH_SIZE": len(task["people"]),
            "THREADS_PER_PROCESS": 1,
            "LOG_LEVEL": 0,
            "BATCH_DELIVERY_TIMEOUT": 1800,
        },
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    call_command("migrate", verbosity=0)


def queue(task: dict[str, Any]) -> None:
    from post_office import mail
    from post_office.models import EmailTemplate

    written = task["template"]
    template = EmailTemplate.objects.create(
        name="campaign",
        subject=written["subject"],
        content=written["text"],
        html_content=written["html"],
    )
    mail.send_many(
        [
            {
                "recipients": [person["email"]],
                "sender": task["sender"],
                "template": template,
                "context": person,
                "headers": {
                    "List-Unsubscribe": f"<{task['unsubscribe']}{person['token']}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                },
            }
            for person in task["people"]
        ]
    )


def main() -> None:
    logging.disable(logging.INFO)
    task = json.load(sys.stdin)
    configure(task)
    began = time.perf_counter()
    queue(task)
    queued = time.perf_counter()
    lock = str(Path("lock").resolve())
    call_command("send_queued_mail", processes=task["processes"], lockfile=lock)
    sent = time.perf_counter()
    print(json.dumps({"queueing_seconds": queued - began, "sending_seconds": sent - queued}))


if __name__ == "__main__":
    main()
