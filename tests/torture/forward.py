"""A TCP port that leads to a Unix socket, as a process: `python -m tests.torture.forward HOST
SOCKET` prints the port. When the network is cut, the server behind it hears nothing of that."""

import asyncio
import sys
from contextlib import suppress


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def main(host: str, socket: str) -> None:
    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_unix_connection(socket)
        await asyncio.gather(_pump(reader, before), _pump(behind, writer))

    server = await asyncio.start_server(lead, host)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
