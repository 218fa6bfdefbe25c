"""An SMTP server that takes thousands of mails and can be told to do wrong.

`python -m tests.torture.sink DIRECTORY` runs it as a process: it prints its port, writes its
authority to DIRECTORY/ca.pem, and keeps its book there.
"""

import argparse
import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.smtp_server import tls_context
from tests.torture.book import Book
from tests.torture.conversation import Conversation, Sink, Strike
from tests.torture.misdeeds import MISDEEDS

ROOT = Path(__file__).parent.parent.parent


def _honest(_conversation: Conversation, _step: str) -> bool:
    return False


async def serve(sink: Sink, directory: Path, host: str) -> None:
    """Until SIGTERM or SIGINT."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context = tls_context(authority.issue_cert("localhost", host))
    server = await loop.create_server(lambda: Conversation(sink), host, 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()


@contextmanager
def announced(module: str, *arguments: str) -> Iterator[int]:
    """Run a module as a process that prints its port; give that."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds per mail and session")
    parser.add_argument("--seed", default="")
    parser.add_argument("--misdeed", choices=sorted(MISDEEDS))
    given = parser.parse_args()
    strike: Strike = MISDEEDS[given.misdeed].strike if given.misdeed else _honest
    sink = Sink(Book(given.directory), strike, given.pace, random.Random(given.seed))
    asyncio.run(serve(sink, given.directory, given.host))


if __name__ == "__main__":
    main()
