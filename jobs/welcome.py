"""Once the web server answers: where the portal is, and how to set it up while nobody has."""

import time
from http.client import HTTPConnection

from portal.app import create_app
from portal.auth.service import setup_link
from portal.config import Config

POLL_SECONDS = 0.2
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


def address(config: Config) -> str:
    """The portal's address as typed into a browser on this machine."""
    host = EVERYWHERE.get(config.bind, config.bind)
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


def answers(config: Config) -> bool:
    """Whether the web server answers a request, with whatever status."""
    host = EVERYWHERE.get(config.bind, config.bind)
    connection = HTTPConnection(host, config.port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def main() -> None:
    config = Config.from_environment()
    while not answers(config):
        time.sleep(POLL_SECONDS)
    here = config.base_url or address(config)
    with create_app().app_context():
        link = setup_link(config, here)
    print(f"The portal is at {here}")
    if link:
        print(f"Set it up, once, at {link}")


if __name__ == "__main__":
    main()
