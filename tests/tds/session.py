"""One client of the stand-in: its login, and then its requests, until it disconnects."""

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from tests.tds import packets, requests, tokens
from tests.tds.database import SYSTEM_DATABASES, Database, Result
from tests.tds.faults import NONE, Faults
from tests.tds.packets import Channel
from tests.tds.requests import Call, Login
from tests.tds.statements import Column, Select, parse_batch
from tests.tds.tokens import SqlError
from tests.tds.wire_types import sql_type

_ROWS_IN_A_BLOCK = 500


@dataclass(frozen=True, slots=True)
class World:
    """What all sessions of one server share."""

    database: Database
    users: Mapping[str, str]
    faults: Faults
    tls: ssl.SSLContext
    log_login: Callable[[Login], None]
    log_statement: Callable[[str], None]


class _CancelledError(Exception):
    """The client has sent ATTENTION."""


class Session:
    """Serves one client over its channel."""

    def __init__(self, channel: Channel, world: World) -> None:
        self._channel = channel
        self._world = world
        self._prepared: list[tuple[str, str]] = []

    def run(self) -> None:
        """Serve until the client disconnects (ConnectionError) or its login is refused."""
        if not self._log_in():
            return
        while True:
            kind, content = self._channel.receive()
            last = tokens.DONE_PROC if kind == packets.RPC else tokens.DONE
            try:
                self._answer(kind, content)
            except SqlError as error:
                self._channel.write(error.token() + tokens.done(last, tokens.ERROR))
            except _CancelledError:
                self._channel.write(tokens.done(status=tokens.ATTENTION))
            self._channel.finish()

    def _log_in(self) -> bool:
        encryption, answer = requests.prelogin_answer(self._channel.receive()[1])
        self._channel.send(answer)
        if encryption != requests.NO_ENCRYPTION:
            self._channel.start_tls(self._world.tls)
        login = requests.read_login(self._channel.receive()[1])
        if encryption == requests.ENCRYPTED_LOGIN:
            self._channel.stop_tls()
        self._world.log_login(login)
        refusals = [error.token() for error in self._refusals(login)]
        if refusals:
            self._channel.send(b"".join(refusals) + tokens.done(status=tokens.ERROR))
            return False
        self._channel.send(tokens.login_accepted(login.database, login.packet_size))
        self._channel.packet_size = login.packet_size
        return True

    def _refusals(self, login: Login) -> Iterator[SqlError]:
        failed = SqlError(18456, f"Login failed for user '{login.user}'.", 14)
        known = {name.casefold() for name in (self._world.database.name, *SYSTEM_DATABASES)}
        if self._world.users.get(login.user) != login.password:
            yield failed
        elif login.database.casefold() not in known:
            opening = f'Cannot open database "{login.database}" requested by the login.'
            yield SqlError(4060, f"{opening} The login failed.", 11)
            yield failed

    def _answer(self, kind: int, content: bytes) -> None:
        if kind == packets.BATCH:
            self._batch(requests.read_batch(content))
        elif kind == packets.RPC:
            for call in requests.read_calls(content):
                self._call(call)
        elif kind == packets.CANCEL:
            raise _CancelledError
        else:
            raise SqlError(50000, f"The stand-in can't read messages of type {kind}.")

    def _batch(self, sql: str) -> None:
        self._world.log_statement(sql)
        statements = parse_batch(sql)
        for number, statement in enumerate(statements, 1):
            status = tokens.MORE if number < len(statements) else 0
            if isinstance(statement, Select):
                self._select(statement, {}, tokens.DONE, status)
            else:
                self._channel.write(tokens.done(status=status))

    def _call(self, call: Call) -> None:
        match call.procedure, call.parameters:
            case "sp_executesql", (str(sql), str(declared), *values):
                self._query(sql, declared, values)
            case "sp_prepexec", (_, str(declared), str(sql), *values):
                self._prepared.append((sql, declared))
                self._query(sql, declared, values)
                self._channel.write(tokens.statement_handle(len(self._prepared)))
            case "sp_execute", (int(handle), *values):
                self._query(*self._prepared[handle - 1], values)
            case "sp_unprepare", _:
                pass
            case "sp_datatype_info" | "sp_datatype_info_100", _:
                self._write(_no_types())
            case _:
                raise SqlError(2812, f"Could not find stored procedure '{call.procedure}'.")
        self._channel.write(tokens.RETURN_STATUS_OK + tokens.done(tokens.DONE_PROC))

    def _query(self, sql: str, declared: str, values: Sequence[str | int | None]) -> None:
        self._world.log_statement(sql)
        names = [declaration.split()[0] for declaration in declared.split(",")]
        for statement in parse_batch(sql):
            if isinstance(statement, Select):
                parameters = dict(zip(names, values, strict=True))
                self._select(statement, parameters, tokens.DONE_IN_PROC, tokens.MORE)

    def _select(
        self, select: Select, parameters: Mapping[str, str | int | None], kind: int, status: int
    ) -> None:
        result = self._world.database.run(select, parameters)
        faults = NONE if result.of_catalog else self._world.faults
        if faults.denied:
            raise SqlError(229, "The SELECT permission was denied on the object.", 14)
        if Column(faults.denied_column or "") in select.items:
            raise SqlError(230, "The SELECT permission was denied on the column.", 14)
        if faults.locked:
            raise SqlError(1222, "Lock request time out period exceeded.")
        if faults.frozen:
            self._wait_for_the_end()
        if faults.silent:
            self._wait_for_cancel()
        rows = self._write(result, faults)
        self._channel.write(tokens.done(kind, tokens.COUNT | status, rows))

    def _write(self, result: Result, faults: Faults = NONE) -> int:
        self._channel.write(tokens.column_metadata(result.columns))
        encoders = [kind.encode for _, kind in result.columns]
        number = 0
        for number, row in enumerate(result.rows, 1):
            self._misbehave(faults, number - 1)
            values = (encode(value) for encode, value in zip(encoders, row, strict=True))
            self._channel.write(tokens.ROW + b"".join(values))
            if not number % _ROWS_IN_A_BLOCK and self._channel.client_speaks():
                self._wait_for_cancel()
        return number

    def _misbehave(self, faults: Faults, rows_before: int) -> None:
        if rows_before == faults.deadlock_after:
            raise SqlError(1205, "Transaction was chosen as the deadlock victim.", 13)
        if rows_before == faults.cut_after:
            self._channel.cut()
        if rows_before == faults.stall_after:
            self._channel.flush()
            self._wait_for_cancel()

        if rows_before == faults.freeze_after:
            self._channel.flush()
            self._wait_for_the_end()

    def _wait_for_the_end(self) -> NoReturn:
        while True:
            self._channel.receive()

    def _wait_for_cancel(self) -> None:
        kind, _ = self._channel.receive()
        if kind != packets.CANCEL:
            raise ConnectionAbortedError("the client spoke out of turn")
        raise _CancelledError


def _no_types() -> Result:
    """Return an empty list of SQL Server's types, which the driver asks for but does not need."""
    names = ("TYPE_NAME", "DATA_TYPE", "PRECISION")
    return Result([(name, sql_type("int")) for name in names], iter(()), of_catalog=True)
