"""Calls of Windows' COM objects through ctypes: only what Task Scheduler's interfaces need."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agent.scheduling.windows import RefusedError

if sys.platform == "win32":
    _RELEASE = 2
    _INPROC_SERVER = 1
    _EMPTY, _TEXT = 0, 8  # VT_EMPTY, VT_BSTR

    class Variant(ctypes.Structure):
        """A value of any type."""

        _fields_ = (
            ("type", ctypes.c_ushort),
            ("reserved", ctypes.c_ushort * 3),
            ("value", ctypes.c_void_p),
            ("more", ctypes.c_void_p),
        )

    NOTHING = Variant(_EMPTY)

    _ole32 = ctypes.WinDLL("ole32")
    _oleaut32 = ctypes.WinDLL("oleaut32")
    _oleaut32.SysAllocString.restype = ctypes.c_void_p
    _oleaut32.SysAllocString.argtypes = [ctypes.c_wchar_p]
    _oleaut32.SysFreeString.argtypes = [ctypes.c_void_p]
    _oleaut32.SysFreeString.restype = None

    class ComObject:
        """A COM object; `call` takes the place of a method in its interface."""

        def __init__(self, pointer: ctypes.c_void_p) -> None:
            self._pointer = pointer

        def call(self, place: int, *arguments: Any) -> int:
            """Call a method and return its code; raises RefusedError if that is an error."""
            table = ctypes.cast(self._pointer, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
            prototype = ctypes.WINFUNCTYPE(
                ctypes.c_long, ctypes.c_void_p, *(type(argument) for argument in arguments)
            )
            code: int = prototype(table[place])(self._pointer, *arguments)
            if code < 0:
                raise RefusedError(code)
            return code

        def read(self, place: int, kind: Any) -> Any:
            """Return a property of a simple type."""
            value = kind()
            self.call(place, ctypes.pointer(value))
            return value.value

        def read_text(self, place: int) -> str:
            """Return a property that is text."""
            text = ctypes.c_void_p()
            self.call(place, ctypes.pointer(text))
            try:
                return ctypes.wstring_at(text.value) if text.value else ""
            finally:
                _oleaut32.SysFreeString(text)

        @contextmanager
        def object(self, place: int, *arguments: Any) -> Iterator["ComObject"]:
            """Yield the object that a method returns, and release it."""
            found = ctypes.c_void_p()
            self.call(place, *arguments, ctypes.pointer(found))
            with _released(found) as made:
                yield made

    @contextmanager
    def created(class_id: bytes, interface_id: bytes) -> Iterator[ComObject]:
        """Yield a new object of a class; raises RefusedError."""
        initialised = _ole32.CoInitializeEx(None, 0)
        try:
            made = ctypes.c_void_p()
            code = _ole32.CoCreateInstance(
                class_id, None, _INPROC_SERVER, interface_id, ctypes.byref(made)
            )
            if code < 0:
                raise RefusedError(code)
            with _released(made) as found:
                yield found
        finally:
            if initialised >= 0:
                _ole32.CoUninitialize()

    @contextmanager
    def _released(pointer: ctypes.c_void_p) -> Iterator[ComObject]:
        made = ComObject(pointer)
        try:
            yield made
        finally:
            made.call(_RELEASE)

    @contextmanager
    def text(value: str) -> Iterator[ctypes.c_void_p]:
        """Yield a text as COM wants it."""
        allocated = ctypes.c_void_p(_oleaut32.SysAllocString(value))
        try:
            yield allocated
        finally:
            _oleaut32.SysFreeString(allocated)

    def text_variant(value: ctypes.c_void_p) -> Variant:
        """Return a value that is the text."""
        return Variant(_TEXT, (ctypes.c_ushort * 3)(), value)
