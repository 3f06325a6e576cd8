"""TDS packets over a socket, and the TLS tunnel inside them."""

import select
import socket
import ssl
import struct

BATCH, RPC, RESPONSE, CANCEL, TRANSACTION, LOGIN, PRELOGIN = 1, 3, 4, 6, 14, 16, 18

_HEADER = 8
_LAST = 0x01
_SESSION = 51
_BLOCK = 1 << 16


class Channel:
    """One client's connection: whole messages in, responses of any length out."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._tls: ssl.SSLObject | None = None
        self._from_client, self._to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._unread = bytearray()
        self._unsent = bytearray()
        self._kind = RESPONSE
        self._number = 0
        self.packet_size = 4096

    def receive(self) -> tuple[int, bytes]:
        """Return the next message's type and content; raise ConnectionError if the client left."""
        content = bytearray()
        while True:
            kind, status, length = struct.unpack(">BBH4x", self._read(_HEADER))
            content += self._read(length - _HEADER)
            if status & _LAST:
                return kind, bytes(content)

    def send(self, data: bytes, kind: int = RESPONSE) -> None:
        """Send a whole message."""
        self._kind = kind
        self.write(data)
        self.finish()
        self._kind = RESPONSE

    def write(self, data: bytes) -> None:
        """Add to the response; full packets are sent in blocks, the rest by `finish`."""
        self._unsent += data
        if len(self._unsent) > _BLOCK:
            self._send_full_packets()

    def finish(self) -> None:
        """Send the rest of the response and end it."""
        self._send_full_packets()
        self._transmit(self._packet(bytes(self._unsent), _LAST))
        self._unsent.clear()
        self._number = 0

    def cut(self) -> None:
        """Send only a part of what is written so far, and break the connection."""
        self._send_full_packets()
        # Not by a reset, which would discard all that the client has not read yet.
        self._socket.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("cut on purpose")

    def flush(self) -> None:
        """Send the full packets of an unfinished response."""
        self._send_full_packets()

    def client_speaks(self) -> bool:
        """Return whether the client has sent something: during a response, that is a cancel."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Set up the tunnel: up to TDS 7.4 the handshake itself travels inside PRELOGIN packets."""
        tls = context.wrap_bio(self._from_client, self._to_client, server_side=True)
        while True:
            try:
                tls.do_handshake()
                complete = True
            except ssl.SSLWantReadError:
                complete = False
            if self._to_client.pending:
                self.send(self._to_client.read(), PRELOGIN)
            if complete:
                self._tls = tls
                return
            self._from_client.write(self.receive()[1])

    def stop_tls(self) -> None:
        """Continue in plain text, for a client that encrypts only its login."""
        self._tls = None

    def _send_full_packets(self) -> None:
        """Send all but the last bytes: `finish` needs some to mark as the end."""
        room = self.packet_size - _HEADER
        sendable = (len(self._unsent) - 1) // room * room
        if sendable <= 0:
            return
        data = bytes(self._unsent[:sendable])
        del self._unsent[:sendable]
        packets = (self._packet(data[at : at + room], 0) for at in range(0, sendable, room))
        self._transmit(b"".join(packets))

    def _packet(self, data: bytes, status: int) -> bytes:
        self._number = (self._number + 1) % 256
        length = len(data) + _HEADER
        return struct.pack(">BBHHBB", self._kind, status, length, _SESSION, self._number, 0) + data

    def _transmit(self, data: bytes) -> None:
        if self._tls is not None:
            self._tls.write(data)
            data = self._to_client.read()
        self._socket.sendall(data)

    def _read(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._unread += self._received()
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def _received(self) -> bytes:
        if self._tls is None:
            return self._from_socket()
        while True:
            try:
                data = self._tls.read(_BLOCK)
            except ssl.SSLWantReadError:
                self._from_client.write(self._from_socket())
            else:
                if not data:
                    raise ConnectionResetError("the client ended TLS")
                return data

    def _from_socket(self) -> bytes:
        data = self._socket.recv(_BLOCK)
        if not data:
            raise ConnectionResetError("the client closed the connection")
        return data
