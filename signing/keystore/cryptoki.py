"""C_SignInit and C_Sign of a module that is loaded and logged in already, called without a binding in between. Plain.

PyKCS11 copies a signature into Python byte by byte, which takes longer than a signature by P-256 (76 against 38
microseconds). These two calls are made for every signature, so they go straight to the module's function list
(PKCS#11 2.40 section 5.11; its layout has not changed since 2.01). All else goes through PyKCS11.
"""

import ctypes
from pathlib import Path
from typing import NamedTuple

_ULONG, _POINTER = ctypes.c_ulong, ctypes.c_void_p
_SIGN_INIT, _SIGN = 42, 43  # places in CK_FUNCTION_LIST
_FUNCTIONS = 68
_LONGEST_SIGNATURE = 1024
OK = 0


class _FunctionList(ctypes.Structure):
    _fields_ = [("version", ctypes.c_ubyte * 2), ("functions", _POINTER * _FUNCTIONS)]


class _Mechanism(ctypes.Structure):
    _fields_ = [("mechanism", _ULONG), ("parameter", _POINTER), ("length", _ULONG)]


class _PssParameters(ctypes.Structure):
    _fields_ = [("hash", _ULONG), ("mask", _ULONG), ("salt", _ULONG)]


class Mechanism(NamedTuple):
    """CK_MECHANISM; `parameters` is kept alive beside the pointer to it."""

    native: _Mechanism
    parameters: _PssParameters | None


class Refusal(Exception):
    """The module's return value, CKR_…"""

    def __init__(self, value: int) -> None:
        super().__init__(f"CKR 0x{value:x}")
        self.value = value


def mechanism(number: int) -> Mechanism:
    return Mechanism(_Mechanism(number, None, 0), None)


def pss(number: int, hash_number: int, mask: int, salt: int) -> Mechanism:
    """CK_RSA_PKCS_PSS_PARAMS: hash, mask generation function, salt in bytes."""
    parameters = _PssParameters(hash_number, mask, salt)
    native = _Mechanism(
        number, ctypes.cast(ctypes.byref(parameters), _POINTER), ctypes.sizeof(_PssParameters)
    )
    return Mechanism(native, parameters)


class Signing:
    """Signs in one session of `module`, which this process has loaded and logged in to before. One thread."""

    def __init__(self, module: Path, session: int) -> None:
        self._library = ctypes.CDLL(str(module))  # the same one: the loader counts, it does not load twice
        found = ctypes.POINTER(_FunctionList)()
        if self._library.C_GetFunctionList(ctypes.byref(found)) != OK:
            raise OSError(f"{module} has no list of functions")
        functions = found.contents.functions
        init = ctypes.CFUNCTYPE(_ULONG, _ULONG, _POINTER, _ULONG)
        sign = ctypes.CFUNCTYPE(_ULONG, _ULONG, ctypes.c_char_p, _ULONG, _POINTER, _POINTER)
        self._init, self._sign = init(functions[_SIGN_INIT]), sign(functions[_SIGN])
        self._session = session
        self._signature = ctypes.create_string_buffer(_LONGEST_SIGNATURE)
        self._room = _ULONG()

    def sign(self, key: int, data: bytes, how: Mechanism) -> bytes:
        """Raises Refusal."""
        value = self._init(self._session, ctypes.byref(how.native), key)
        if value != OK:
            raise Refusal(value)
        self._room.value = _LONGEST_SIGNATURE
        value = self._sign(self._session, data, len(data), self._signature, ctypes.byref(self._room))
        if value != OK:
            raise Refusal(value)
        return self._signature.raw[: self._room.value]
