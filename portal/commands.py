"""The commands of `flask --app wsgi`."""

import os

import click
from flask import Flask
from flask.cli import AppGroup

from portal.admin import service
from portal.mail.addresses import valid_address
from portal.passwords import MIN_LENGTH
from portal.permissions import ROLES

users = AppGroup("users", help="The people who sign in.")


@users.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(sorted(ROLES)), required=True)
def add_user(email: str, role: str) -> None:
    """Add a user; the password comes from PORTAL_PASSWORD or is asked for."""
    password = os.environ.get("PORTAL_PASSWORD") or click.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    if len(password) < MIN_LENGTH:
        raise click.ClickException(f"The password must have {MIN_LENGTH} characters or more.")
    try:
        _add(valid_address(email), password, role)
    except ValueError as error:
        raise click.ClickException(f"{email} is not an e-mail address.") from error
    except service.EmailTaken as error:
        raise click.ClickException(f"{email} is a user already.") from error
    click.echo(f"{email} can sign in now, with the role {role}.")


def _add(email: str, password: str, role: str) -> None:
    here = service.practice()
    if here:
        service.add_user(email, password, role, here.language)
    else:
        service.add_first_user(email, password, role)


def init_app(app: Flask) -> None:
    app.cli.add_command(users)
