"""django-post_office at its best setting: the same campaign, queued and sent."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import CACHE, content
from bench.sinks import HOST, Sink

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PROGRAM = Path(__file__).with_name("post_office_project.py")
LONGEST_SECONDS = 1800
PROCESSES = 2  # that send at once


@dataclass(frozen=True)
class PeerRun:
    mails: int
    queueing_seconds: float
    sending_seconds: float

    @property
    def rate(self) -> float:
        """Mails per second, from the first queued to the last sent."""
        return self.mails / (self.queueing_seconds + self.sending_seconds)


def run(sink: Sink, mails: int) -> PeerRun:
    """Send to everybody by django-post_office. Raises RuntimeError when not every mail arrived."""
    task = {
        "processes": PROCESSES,
        "host": HOST,
        "port": sink.port,
        "sender": f"{content.SENDER.name} <{content.SENDER.email}>",
        "template": asdict(content.written("{{{{ {} }}}}".format)),
        "unsubscribe": f"{content.BASE_URL}/unsubscribe/",
        "people": [
            {"email": person.email, "token": person.token, **person.values}
            for person in content.people(mails)
        ],
    }
    with tempfile.TemporaryDirectory(prefix="bench-peer-") as directory:
        done = subprocess.run(
            [_python(), PROGRAM],
            input=json.dumps(task),
            stdout=subprocess.PIPE,
            cwd=directory,
            text=True,
            check=True,
            timeout=LONGEST_SECONDS,
        )
    if sink.mails != mails:
        raise RuntimeError(f"{mails} mails; {sink.mails} arrived")
    took = json.loads(done.stdout)
    return PeerRun(mails, took["queueing_seconds"], took["sending_seconds"])


def _python() -> Path:
    """The interpreter of the environment that has the peer, made where it is missing."""
    directory = CACHE / "post-office"
    installed, wanted = directory / "installed.txt", REQUIREMENTS.read_text()
    if not installed.exists() or installed.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True)
        options = ["-qq", "--disable-pip-version-check", "--requirement", str(REQUIREMENTS)]
        pip = [str(directory / "bin/python"), "-m", "pip", "install"]
        subprocess.run([*pip, *options], check=True)
        installed.write_text(wanted)
    return directory / "bin/python"
