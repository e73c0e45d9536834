"""The kernel's functions: compiled by numba for much work, plain Python for a few pairs, with the same digits.

The machine code that numba makes depends on nothing else and is stored: in the core's own environment if that can be
written, else in the user's cache folder, else for this process only. Later processes load it with llvmlite, without
numba, in a tenth of the time and half of the memory.
"""

import ctypes
import hashlib
import importlib.util
import os
import struct
import sys
import tempfile
import threading
from array import array
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from onemap.layers.files.journal_folder import write_whole
from onemap.layers.files.user_cache import user_cache
from onemap.rules.judge.overlay import kernel_ground, kernel_sums

SWITCH = "ONEMAP_COMPILED"  # environment: 0 never, 1 always; else where there is much to do
MUCH = 50_000  # edges, or pairs of them, that plain Python looks at while what is kept is loaded
VERY_MUCH = 10_000_000  # while the kernel is compiled
_KERNEL = (kernel_sums, kernel_ground)
_ASKED = 3  # of their functions: sums, ground, and the proof of rings
_SUFFIX = ".code"
_DIGEST = 32  # bytes before machine code that is kept: its SHA-256
_KINDS = {"<f8": "F", "<i8": "I"}  # of arrays
_ENTRY = "entry"  # the symbol by which machine code is called
_LOCK = threading.Lock()
_STARTED = threading.Event()
_ENGINES: list[Any] = []  # which hold the machine code


def is_worth_compiling(steps: float) -> bool:
    """Whether work of so many steps should use compiled loops: they are loaded, or loading them is worth it."""
    if not may_compile():
        return False
    is_asked = os.environ.get(SWITCH) == "1" or _STARTED.is_set() or steps > VERY_MUCH
    return is_asked or (steps > MUCH and is_kept())


def may_compile() -> bool:
    """Whether loops may be compiled for much work; otherwise sums use arrays, and GEOS makes all ground."""
    return os.environ.get(SWITCH) != "0" and is_compiler_there()


@cache
def is_compiler_there() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def is_kept() -> bool:
    """Whether compiled loops of an earlier process are stored and may be used."""
    if not may_compile():
        return False
    folder = _folder()
    return folder is not None and len(list(folder.glob(f"*{_SUFFIX}"))) >= _ASKED


def start_compiler() -> None:
    """Use compiled loops for all work from now on, small work included."""
    _STARTED.set()


@cache
def compiled_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the kernel, compiled; it releases the interpreter's lock while it runs.

    It takes integers, floats, arrays of either (m,), all of 64 bits, and tuples of these.
    """
    entries: dict[str, Callable[[int], Any] | None] = {}

    def call(*arguments: Any) -> Any:
        words, kinds = array("q"), list[str]()
        _lay_out(arguments, words, kinds)
        form = "".join(kinds)
        if form not in entries:
            with _LOCK:
                if form not in entries:  # another thread may have waited for it before
                    entries[form] = _load_code(function, form, arguments)
            start_compiler()
        entry = entries[form]
        return _by_numba(function)(*arguments) if entry is None else entry(words.buffer_info()[0])

    return call


def _lay_out(arguments: Any, words: "array[int]", kinds: list[str]) -> None:
    """Lay out arguments in memory as numba does (its _arraystruct.h), and note the kind of each."""
    for value in arguments:
        if isinstance(value, np.ndarray):
            interface = value.__array_interface__
            if interface["strides"] is not None or interface["typestr"] not in _KINDS or len(interface["shape"]) != 1:
                raise TypeError(f"{value.dtype} {value.shape} {value.strides}")
            (size,) = interface["shape"]
            # Who holds it (nobody counts), how many of how many bytes, where, and once more how many how far apart.
            words.extend((0, 0, size, 8, interface["data"][0], size, 8))
            kinds.append(_KINDS[interface["typestr"]])
        elif isinstance(value, tuple):
            kinds.append("(")
            _lay_out(value, words, kinds)
            kinds.append(")")
        elif isinstance(value, float):
            words.frombytes(struct.pack("d", value))
            kinds.append("f")
        else:
            words.append(value)
            kinds.append("i")


def _load_code(function: Callable[..., Any], form: str, arguments: tuple[Any, ...]) -> Callable[[int], Any] | None:
    """A function's machine code, ready to call; None where it refers to other code, perhaps on an untested system."""
    try:
        return _entry(_kept_code(function, form, arguments), function)
    except RuntimeError:
        return None


@cache
def _by_numba(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function compiled by numba for this process only."""
    compiled: Callable[..., Any] = _numba().njit(function, nogil=True, _nrt=False, error_model="numpy")
    return compiled


def _entry(code: bytes, function: Callable[..., Any]) -> Callable[[int], Any]:
    """Machine code as a function that takes the address of its arguments."""
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    result = ctypes.c_int64 if _gives_number(function) else None
    entry: Any = ctypes.CFUNCTYPE(result, ctypes.c_void_p)(engine.get_function_address(_ENTRY))
    _ENGINES.append(engine)
    typed_entry: Callable[[int], Any] = entry
    return typed_entry


def _gives_number(function: Callable[..., Any]) -> bool:
    return function.__annotations__["return"] is int


def _kept_code(function: Callable[..., Any], form: str, arguments: tuple[Any, ...]) -> bytes:
    """A function's machine code for arguments of a form: the stored code, or newly compiled code, which is stored."""
    folder = _folder()
    path = folder and folder / f"{function.__name__}-{hashlib.sha256(form.encode()).hexdigest()[:8]}{_SUFFIX}"
    if path is None:
        return _code(function, arguments)
    with suppress(OSError):
        digest, code = (content := path.read_bytes())[:_DIGEST], content[_DIGEST:]
        if digest == hashlib.sha256(code).digest():  # half a function would end the process
            return code
    code = _code(function, arguments)
    with suppress(OSError):
        write_whole(path, lambda part: part.write_bytes(hashlib.sha256(code).digest() + code))
    return code


def _code(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """The machine code that numba makes of a function for such arguments on this processor."""
    import llvmlite.binding as llvm

    numba = _numba()

    def entry(pointer: Any) -> Any:
        return function(*pointer[0])

    result = numba.types.int64 if _gives_number(function) else numba.types.void
    signature = result(numba.types.CPointer(numba.typeof(arguments)))
    # The kernel makes nothing in memory, so nothing needs counting who holds it; and it divides by nothing that may be
    # zero. So the code asks neither the interpreter nor numba for anything.
    native = numba.cfunc(signature, _nrt=False, error_model="numpy")(entry)
    module = llvm.parse_assembly(native.inspect_llvm())
    outer_names = [one.name for one in module.functions if one.is_declaration and not one.name.startswith("llvm.")]
    if outer_names:
        raise RuntimeError(f"{function.__name__}: {outer_names}")
    module.get_function(native.native_name).name = _ENTRY
    code: bytes = _machine().emit_object(module)
    return code


@cache
def _numba() -> Any:
    """numba, with all functions of the kernel registered."""
    import numba
    from numba.extending import register_jitable

    for module in _KERNEL:
        for function in vars(module).values():
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                # A call would hand over some hundred numbers that describe the arrays, and cost more than its work.
                register_jitable(forceinline=True)(function)
    return numba


def _machine() -> Any:
    """The processor for which code of this process is made."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    # As numba has it.
    reloc = "static" if target.name.startswith("x86") else "default"
    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu, features, opt=3, reloc=reloc, codemodel="jitdefault", jit=True)


@cache
def _folder() -> Path | None:
    """A writable folder for this kernel, compiler and processor; None if there is none."""
    from importlib.metadata import version

    import llvmlite.binding as llvm

    sources = [Path(__file__), *(Path(str(module.__file__)) for module in _KERNEL)]
    made_by = version("numba"), llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features()
    made_of = b"".join([*(path.read_bytes() for path in sources), repr(made_by).encode()])
    name = f"onemap-kernel-{hashlib.sha256(made_of).hexdigest()[:16]}"
    for place in (Path(sys.prefix) / "share", user_cache()):
        with suppress(OSError):
            (place / name).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place / name):
                return place / name
    return None
