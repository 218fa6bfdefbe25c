"""A real name server on loopback, over UDP and TCP, that can play faults."""

import socketserver
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum, auto
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

HOST = "127.0.0.1"

# A name, a record type, and each record's data as in a zone file: hosts end with a dot.
Records = tuple[str, ...]


class Fault(Enum):
    """What the server can do instead of answering."""

    SILENT = auto()
    SLOW = auto()  # the answer comes `slow_seconds` late
    SERVFAIL = auto()
    GARBAGE = auto()
    TRUNCATED = auto()  # over UDP only the note that the answer is to be had over TCP
    TRUNCATED_SILENT = auto()  # the same, and then nothing comes over TCP


class DnsServer:
    """Answers as a resolver would, from these records alone, following aliases.

    `faults` are by record type; `fault` is that of all other types. The first `lost` questions
    stay unanswered. Without `tcp` nobody listens on the TCP port.
    """

    def __init__(
        self,
        *records: Records,
        fault: Fault | None = None,
        faults: Mapping[str, Fault] | None = None,
        lost: int = 0,
        tcp: bool = True,
        slow_seconds: float = 0.0,
    ) -> None:
        self.questions: list[tuple[str, str]] = []
        self.tcp_questions = 0
        self.slow_seconds = slow_seconds
        self.stopping = threading.Event()
        self._records = {
            (dns.name.from_text(name), dns.rdatatype.from_text(kind)): dns.rrset.from_text(
                dns.name.from_text(name), 60, "IN", kind, *data
            )
            for name, kind, *data in records
        }
        self._lost = lost
        self._fault = fault
        self._faults = dict(faults or {})
        self._servers = _sockets(self) if tcp else (_Udp((HOST, 0), self),)

    @property
    def address(self) -> tuple[str, int]:
        """The IP address and the port."""
        return HOST, self._servers[0].server_address[1]

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def note(self, query: dns.message.Message) -> Fault | None:
        """Remember the question; return the fault to play."""
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((question.name.to_text(omit_final_dot=True), kind))
        if len(self.questions) <= self._lost:
            return Fault.SILENT
        return self._faults.get(kind, self._fault)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """Return the records asked for, behind the chain of aliases that leads to them."""
        response = dns.message.make_response(query, recursion_available=True)
        name, kind = query.question[0].name, query.question[0].rdtype
        while alias := self._records.get((name, dns.rdatatype.CNAME)):
            if alias in response.answer:
                break
            response.answer.append(alias)
            name = alias[0].target
        if found := self._records.get((name, kind)):
            response.answer.append(found)
        elif not any(known == name for known, _ in self._records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], dns_server: DnsServer) -> None:
        self.dns = dns_server
        super().__init__(address, _UdpQuestion)


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], dns_server: DnsServer) -> None:
        self.dns = dns_server
        super().__init__(address, _TcpQuestion)


def _sockets(server: DnsServer) -> tuple[_Udp, _Tcp]:
    """Both on one port: another is tried while the first one's TCP side is taken."""
    for _ in range(20):
        udp = _Udp((HOST, 0), server)
        with suppress(OSError):
            return udp, _Tcp((HOST, udp.server_address[1]), server)
        udp.server_close()
    raise OSError("no port is free for both UDP and TCP")


class _UdpQuestion(socketserver.BaseRequestHandler):
    server: _Udp

    def handle(self) -> None:
        data, socket = self.request
        query, server = dns.message.from_wire(data), self.server.dns
        wire = _wire(query, server.note(query), server)
        if wire is not None and not server.stopping.is_set():
            socket.sendto(wire, self.client_address)


def _wire(query: dns.message.Message, fault: Fault | None, server: DnsServer) -> bytes | None:
    """Return what goes back over UDP; None for nothing."""
    response = server.answer(query)
    match fault:
        case Fault.SILENT:
            return None
        case Fault.GARBAGE:
            return b"\x00\xff" * 20
        case Fault.SLOW:
            server.stopping.wait(server.slow_seconds)
        case Fault.SERVFAIL:
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.SERVFAIL)
        case Fault.TRUNCATED | Fault.TRUNCATED_SILENT:
            response = dns.message.make_response(query)
            response.flags |= dns.flags.TC
    return response.to_wire()


class _TcpQuestion(socketserver.StreamRequestHandler):
    server: _Tcp

    def handle(self) -> None:
        (length,) = struct.unpack("!H", self.rfile.read(2))
        query, server = dns.message.from_wire(self.rfile.read(length)), self.server.dns
        if server.note(query) is Fault.TRUNCATED_SILENT:
            server.stopping.wait()
            return
        server.tcp_questions += 1
        wire = server.answer(query).to_wire()
        self.wfile.write(struct.pack("!H", len(wire)) + wire)
