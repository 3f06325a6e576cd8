"""Drives Microsoft's Python worker library as the real worker does: finds and invokes functions."""

import os
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.host.errors import HostError
from dev.host.messages import Message, ParameterBinding, StatusResult, TypedData, request

_TYPE_OF_ERROR = re.compile(r"\A[A-Za-z_][\w.]*: ")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the app, as the worker library indexed it."""

    name: str
    function_id: str
    bindings: tuple[str, ...]
    """Each binding as JSON."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A function raised an exception; `words` start with its type."""

    words: str
    traceback: str


class Worker:
    """An app in this process. There can be only one: the library keeps its state in its modules."""

    def __init__(self, app: Path) -> None:
        """Prepare to run the app in the folder `app`."""
        self._app = app
        self._ids: dict[str, str] = {}
        os.environ["AzureWebJobsScriptRoot"] = str(app)  # noqa: SIM112  the library's spelling
        if str(app) != sys.path[0]:
            sys.path.insert(0, str(app))  # before this project's own function_app
        # Imported here because it reads the environment on import.
        import azure_functions_runtime  # noqa: PLC0415

        self._library: Any = azure_functions_runtime

    async def start(self) -> list[Function]:
        """Import the app and return its functions; raise HostError if that fails or it has none."""
        answer = await self._library.worker_init_request(
            request(
                worker_init_request=Message(capabilities={}, function_app_directory=str(self._app))
            )
        )
        if answer.result.status != StatusResult.Success:
            reason = _TYPE_OF_ERROR.sub("", answer.result.exception.message)
            raise HostError(f"The function app in {self._app} does not start. {reason}")
        answer = await self._library.functions_metadata_request(
            request(functions_metadata_request=Message())
        )
        found = answer.function_metadata_results or []
        if not found:
            raise HostError(
                f"There are no functions in {self._app}: no function_app.py there defines any."
            )
        for function in found:
            await self._library.function_load_request(
                request(
                    function_load_request=Message(
                        function_id=function.function_id, metadata=function
                    )
                )
            )
        self._ids = {function.name: function.function_id for function in found}
        return [Function(item.name, item.function_id, tuple(item.raw_bindings)) for item in found]

    def allow_threads(self, count: int | None) -> None:
        """Let `count` functions run at once, unless the environment sets another number.

        None is what Azure's workers have that were started before they knew their app: Python's own
        number, which is small. Azure's host gives the others 1,000.
        """
        if count is not None:
            os.environ.setdefault("PYTHON_THREADPOOL_THREAD_COUNT", str(count))
        self._library.start_threadpool_executor()

    async def invoke(
        self,
        function: str,
        parameter: str,
        value: TypedData,
        metadata: Mapping[str, TypedData],
    ) -> Failure | None:
        """Invoke a function with its trigger's value; return None if it didn't raise."""
        answer = await self._library.invocation_request(
            request(
                invocation_request=Message(
                    invocation_id=str(uuid.uuid4()),
                    function_id=self._ids[function],
                    input_data=[ParameterBinding(name=parameter, data=value)],
                    trigger_metadata=dict(metadata),
                    trace_context=Message(
                        trace_parent=f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01",
                        trace_state="",
                        attributes={},
                    ),
                    retry_context=Message(retry_count=0, max_retry_count=0, exception=Message()),
                )
            )
        )
        if answer.result.status == StatusResult.Success:
            return None
        exception = answer.result.exception
        return Failure(exception.message, exception.stack_trace)


def is_in_invocation() -> bool:
    """Return whether the worker library knows which invocation this code runs in.

    Its workers note that in the thread (Python 3.11 and 3.12) and in the context (3.13).
    """
    from azure_functions_runtime import invocation_id_cv  # noqa: PLC0415  as above
    from azure_functions_runtime.bindings import context  # noqa: PLC0415  as above

    thread = context._invocation_id_local  # noqa: SLF001  nothing public tells it
    return bool(invocation_id_cv.get() or getattr(thread, "invocation_id", None))
