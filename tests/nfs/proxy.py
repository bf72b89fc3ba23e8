"""Stands between a client and the server and loses the reply to one LINK. RFC 5531 (records and calls), RFC 1813 (NFS 3),
RFC 8881 (compounds of NFS 4)."""
import contextlib
import socket
import struct
import threading

CALL, REPLY, NFS = 0, 1, 100003
LINK_3, COMPOUND = 15, 1
OP_LINK, OP_PUTFH, OP_SAVEFH, OP_SEQUENCE = 11, 22, 32, 53
LARGEST = 4 << 20


def words(data, offset, count=1):
    return struct.unpack_from(">%dI" % count, data, offset)


def after_opaque(data, offset):
    return offset + 4 + (words(data, offset)[0] + 3) // 4 * 4


def is_link(record):
    """Of NFS 3; or of NFS 4, where it comes after SEQUENCE, PUTFH, SAVEFH, PUTFH."""
    if len(record) < 32 or words(record, 4)[0] != CALL or words(record, 12)[0] != NFS:
        return False
    version, procedure = words(record, 16, 2)
    if version == 3:
        return procedure == LINK_3
    offset = after_opaque(record, after_opaque(record, 24 + 4) + 4)  # credential and verifier: a flavour, then opaque
    return version == 4 and procedure == COMPOUND and OP_LINK in operations(record, offset)


def operations(record, offset):
    """As far as they are of those kinds."""
    offset = after_opaque(record, offset)  # tag
    count = words(record, offset + 4)[0]  # after the minor version
    offset += 8
    for _ in range(count):
        operation = words(record, offset)[0]
        yield operation
        offset += 4
        if operation == OP_SEQUENCE:
            offset += 32
        elif operation == OP_PUTFH:
            offset = after_opaque(record, offset)
        elif operation != OP_SAVEFH:
            return


def receive(connection, size):
    data = b""
    while len(data) < size:
        some = connection.recv(size - len(data))
        if not some:
            raise ConnectionError("closed")
        data += some
    return data


def records(connection):
    """Whole ones, until the connection ends."""
    with contextlib.suppress(OSError):
        while True:
            record, last = b"", False
            while not last:
                mark = words(receive(connection, 4), 0)[0]
                last, size = bool(mark >> 31), mark & 0x7FFFFFFF
                if size + len(record) > LARGEST:
                    raise ConnectionError("a record of %d bytes" % size)
                record += receive(connection, size)
            yield record


def send(connection, record):
    with contextlib.suppress(OSError):
        connection.sendall(struct.pack(">I", len(record) | 1 << 31) + record)


class Proxy:
    def __init__(self, address, server):
        self.server = (server, 2049)
        self.lock = threading.Lock()
        self.number, self.links, self.lost, self.repeated = 0, 0, 0, 0
        self.identifier = None  # of the call whose reply is to be lost
        self.hold = False
        self.released = threading.Event()
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def lose(self, number, hold):
        """The reply to LINK `number`, counted from 1, with its connection. `hold`: from then on until release() nothing
        passes, so that the call is not repeated before."""
        self.number, self.hold = number, hold

    def release(self):
        self.released.set()

    def close(self):
        self.end(self.listener)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            if self.lost and self.hold and not self.released.is_set():
                raise ConnectionError("held")
            server = socket.create_connection(self.server, timeout=5)
            server.settimeout(None)
        except OSError:
            client.close()
            return
        threading.Thread(target=self.answers, args=(server, client), daemon=True).start()
        for record in records(client):
            if is_link(record):
                self.saw_link(words(record, 0)[0])
            send(server, record)
        self.end(server, client)

    def saw_link(self, identifier):
        with self.lock:
            self.links += 1
            if self.lost:
                self.repeated += 1
            elif self.links == self.number:
                self.identifier = identifier

    def answers(self, server, client):
        for record in records(server):
            identifier, kind = words(record, 0, 2)
            if not self.lost and kind == REPLY and identifier == self.identifier:
                self.lost += 1
                if self.hold:
                    self.released.wait()
                break
            send(client, record)
        self.end(server, client)

    @staticmethod
    def end(*connections):
        for each in connections:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
