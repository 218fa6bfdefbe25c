from tests.people import Visitor

FIELDS = {
    "email": "consulta@clinica.example.com",
    "username": "",
    "password": "secret words",
    "host": "other",
    "smtp_server": "smtp.example.com",
    "smtp_port": "465",
    "security": "ssl",
    "legal_notice": "Notice.",
}


def test_saving_starts_a_check(admin: Visitor) -> None:
    page = admin.send("/settings/email", FIELDS)
    assert page.status == 302
    assert admin.get("/settings/email").one("#check")["data-check-status"] == "running"
