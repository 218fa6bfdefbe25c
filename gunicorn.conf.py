"""The web server's settings, read by gunicorn."""

import os
from typing import Any

from jobs.processes import die_with
from portal.config import Config

_config = Config.from_environment()

bind = (
    f"[{_config.bind}]:{_config.port}" if ":" in _config.bind else f"{_config.bind}:{_config.port}"
)
worker_class = "gthread"
workers = 2
threads = 4
graceful_timeout = 10  # seconds, below what the supervisor waits
loglevel = "warning"
# It would stand in the home directory, one for all portals of this user.
control_socket_disable = True


def post_fork(_server: Any, _worker: Any) -> None:
    """A server process must not hold the port when its master was killed."""
    die_with(os.getppid())
