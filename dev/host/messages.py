"""The messages between a Functions host and its worker (FunctionRpc), as plain classes.

Microsoft's worker library takes its message classes from the caller. In Azure they come from
protobuf.
"""

from types import SimpleNamespace
from typing import Any


class Message:
    """A message with the given fields; all others read as None, as in proto3."""

    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)

    def __getattr__(self, name: str) -> None:
        if name.startswith("__") or name[:1].isupper():  # how the library looks up classes
            raise AttributeError(name)


class OneOf(Message):
    """A message with exactly one field set, besides its name."""

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802  protobuf's name
        """Return the name of the field that is set."""
        return next(
            (name for name, value in self.__dict__.items() if value is not None and name != "name"),
            None,
        )


class TypedData(OneOf):
    """A value: `string`, `bytes`, `json` or `model_binding_data`."""


class ParameterBinding(OneOf):
    """A function's parameter and its value: `name` and `data`."""


class StatusResult(Message):
    """How a request ended."""

    Failure, Success, Cancelled = 0, 1, 2


# Built this way because one of the names is a keyword.
BindingInfo = type(
    "BindingInfo",
    (Message,),
    {"in": 0, "out": 1, "inout": 2, "undefined": 0, "string": 1, "binary": 2, "stream": 3},
)

_PLAIN = (
    "StreamingMessage WorkerInitRequest WorkerInitResponse RpcFunctionMetadata FunctionLoadRequest "
    "FunctionLoadResponse InvocationRequest InvocationResponse RpcException RpcHttp RpcHttpCookie "
    "FunctionsMetadataRequest FunctionMetadataResponse WorkerMetadata RpcRetryOptions RpcTraceContext "
    "RetryContext ModelBindingData CollectionModelBindingData"
)

CLASSES = SimpleNamespace(
    **{name: type(name, (Message,), {}) for name in _PLAIN.split()},
    TypedData=TypedData,
    ParameterBinding=ParameterBinding,
    StatusResult=StatusResult,
    BindingInfo=BindingInfo,
)
"""The classes that the library looks up by attribute."""


def request(**content: Message) -> SimpleNamespace:
    """Wrap a message as the worker's dispatcher passes it to the library."""
    return SimpleNamespace(
        name="dev.host",
        request=Message(**content),
        properties={"protos": CLASSES, "host": "127.0.0.1"},
    )
