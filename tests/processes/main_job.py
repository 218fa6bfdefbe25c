"""The main job over HTTP, as a person without JavaScript does it: from the set-up link to the
sent list."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.people import ADMIN, PASSWORD, Page, Visitor
from tests.processes import Program, free_port, kill_all, processes_on, until
from tests.smtp_server import mail_server_process

MAIL_USER = "consulta@clinica.example.com"
MAIL_PASSWORD = "contraseña larga"
BODY = "${saludo} ${nombre} ${apellidos}:\n\nLe deseamos un buen otoño.\n\n**${centro}**"


class Practice(Visitor):
    """The administrator of a portal that runs as processes."""

    def __init__(self, program: Program, address: str) -> None:
        self.program = program
        self.client = httpx.Client(base_url=address, timeout=30)

    def set_up(self) -> None:
        self.program.says("/setup?token=")
        link = re.findall(r"/setup\?token=\w+", self.program.output())[-1]
        fields = {
            "token": link.partition("=")[2],
            "email": ADMIN,
            "password": PASSWORD,
            "practice_name": "Clínica Ñandú",
            "language": "es",
            "time_zone": "Europe/Madrid",
        }
        page = self.send("/setup", fields, form_at=link)
        assert (page.status, page.location) == (302, "/"), page.text

    def configure_mailbox(self, port: int, **changed: str) -> None:
        fields = {
            "email": MAIL_USER,
            "username": "",
            "password": MAIL_PASSWORD,
            "host": "other",
            "smtp_server": "127.0.0.1",
            "smtp_port": str(port),
            "security": "ssl",
            "legal_notice": "Aviso legal: sus datos están protegidos.",
        }
        page = self.send("/settings/email", {**fields, **changed})
        assert page.status == 302, page.text
        self.wait_for("/settings/email", "main:not([data-account-status=checking])")

    def import_contacts(self, content: bytes) -> Page:
        """Upload, confirm, and wait for the report."""
        files = {"file": ("pacientes.csv", content, "text/csv")}
        token = {"csrf_token": self.token("/contacts/import")}
        uploaded = Page(self.client.post("/contacts/import", data=token, files=files))
        assert uploaded.status == 302, uploaded.text
        confirmed = self.send(uploaded.location, form_at=uploaded.location)
        assert confirmed.status == 302, confirmed.text
        return self.wait_for(uploaded.location, "[data-import-status=finished]", seconds=60)

    def launch_campaign(self, body: str = BODY) -> str:
        """Returns the address of the campaign's page."""
        fields = {"name": "Otoño", "subject": "Novedades para ${nombre}", "body": body}
        created = self.send("/campaigns/new", fields)
        assert created.status == 302, created.text
        draft = self.get(created.location)
        confirm = str(draft.one("input[name=confirm]")["value"])
        launched = self.send(
            f"{created.location}/launch", {"confirm": confirm}, form_at=created.location
        )
        assert launched.status == 302, launched.text
        return created.location

    def wait_for(self, path: str, selector: str, seconds: float = 45) -> Page:
        """Load the page until it has the element."""
        seen: list[Page] = []

        def found() -> bool:
            seen[:] = [self.get(path)]
            assert seen[0].status == 200, self.program.output()
            return seen[0].has(selector)

        until(found, f"{selector} on {path}", seconds)
        return seen[0]

    def sent_csv(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.client.get("/sent.csv").text)))

    def sent_list(self, query: str = "") -> Iterator[list[str]]:
        """The rows of the sent list, page by page, as its links lead."""
        path = f"/sent?{query}"
        while path:
            page = self.get(path)
            for row in page.html.select("#list tbody tr"):
                yield [" ".join(cell.get_text(" ").split()) for cell in row.select("td")]
            following = page.html.select(".pager a:has(.bi-chevron-right)")
            path = str(following[0]["href"]) if following else ""


@contextmanager
def running_portal(data_dir: Path, ca_file: Path, **settings: str) -> Iterator[Practice]:
    """The portal as `make run` starts it."""
    port = free_port()
    program = Program(
        ["-m", "jobs.supervisor"],
        data_dir,
        PORT=str(port),
        MAIL_PRIVATE_HOSTS="127.0.0.0/8",
        MAIL_TRUSTED_CA=str(ca_file),
        **settings,
    )
    try:
        with program:
            yield Practice(program, f"http://127.0.0.1:{port}")
    finally:
        kill_all(data_dir)


@contextmanager
def mail_server(directory: Path, *options: str) -> Iterator[int]:
    """An SMTP server with TLS and sign-in for the practice's mailbox, in a process of its own."""
    account = ("--tls", "ssl", "--user", MAIL_USER, "--password", MAIL_PASSWORD)
    with mail_server_process(directory, *account, *options) as port:
        yield port


def work_horses(data_dir: Path) -> list[int]:
    """Processes in which a mail may be in hand: the workers and their children."""
    return [pid for pid, command in processes_on(data_dir).items() if "jobs.worker" in command]
