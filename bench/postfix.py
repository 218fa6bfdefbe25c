"""Postfix's smtp-source and smtp-sink, of the system's or unpacked into the cache."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench import CACHE

PROGRAMS = ("smtp-source", "smtp-sink")
UNPACKED = CACHE / "postfix"
MESSAGE_BYTES = 5000
SOURCE_SECONDS = 600


@dataclass(frozen=True)
class Postfix:
    """Where the programs are; `environment` lets them find their libraries."""

    directory: Path
    environment: dict[str, str]

    def sink_command(self, address: str, backlog: int) -> list[str]:
        """smtp-sink with counters; it refuses to run as root."""
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        return [str(self.directory / "smtp-sink"), *user, "-c", address, str(backlog)]

    def send(self, port: int, mails: int) -> None:
        """Send as smtp-source does at its fastest: one session, one connection for all."""
        options = ["-s", "1", "-d", "-l", str(MESSAGE_BYTES), "-m", str(mails)]
        addresses = ["-f", "consulta@clinica.example.com", "-t", "persona@example.com"]
        subprocess.run(
            [str(self.directory / "smtp-source"), *options, *addresses, f"127.0.0.1:{port}"],
            env=self.environment,
            check=True,
            timeout=SOURCE_SECONDS,
        )


def find() -> Postfix:
    """The programs, downloaded when the system has none; no service is installed or started.

    Raises SystemExit with a sentence where they can't be had."""
    if installed := _installed():
        return Postfix(installed, dict(os.environ))
    if not all((UNPACKED / "usr/sbin" / name).exists() for name in PROGRAMS):
        _download(UNPACKED)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(UNPACKED / "usr/lib/postfix")}
    _check(UNPACKED / "usr/sbin/smtp-sink", environment)
    return Postfix(UNPACKED / "usr/sbin", environment)


def version() -> str:
    """The package's version; "installed" for the system's own, "" where there is none yet."""
    kept = UNPACKED / "version"
    if _installed():
        return "installed"
    return kept.read_text() if kept.exists() else ""


def _installed() -> Path | None:
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"
    found = [shutil.which(name, path=path) for name in PROGRAMS]
    return Path(found[0]).parent if found[0] and found[1] else None


def _download(target: Path) -> None:
    """Unpack Debian's package. Its maintainer's scripts, which start a service, don't run."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    fetch = ["apt-get", "-qq", "download", "postfix"]
    try:
        if subprocess.run(fetch, cwd=target, capture_output=True).returncode:
            subprocess.run(["apt-get", "-qq", "update"], check=True, capture_output=True)
            subprocess.run(fetch, cwd=target, check=True, capture_output=True)
        package = next(target.glob("postfix_*.deb"))
        subprocess.run(["dpkg", "-x", package, target], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"smtp-source is missing: install Debian's postfix. ({error})") from error
    (target / "version").write_text(package.name.split("_")[1])


def _check(program: Path, environment: dict[str, str]) -> None:
    """Without arguments it says how to use it; without its libraries it can't even do that."""
    said = subprocess.run([program], env=environment, capture_output=True, text=True).stderr
    if "usage" not in said:
        raise SystemExit(f"{program.name} of the package does not run here: {said.strip()}")
