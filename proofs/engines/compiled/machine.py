"""From LLVM IR to functions that can be called, compiled for the processor at hand, and kept between runs."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from proofs.engines.compiled.kept import kept

Native = Callable[..., int]
"""A compiled function; arrays are given by their address."""


class Library:
    """The functions of one piece of compiled code, by name; the code lives as long as this does."""

    def __init__(self, code: bytes) -> None:
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(0))  # which then owns both
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def function(self, name: str, arguments: str) -> Native:
        """The function of that name. `arguments`: a letter for each, `p` an address, `q` 64 bits, `i` 32 bits; the
        result has 64 bits, and no meaning where the function gives none."""
        kinds = {"p": ctypes.c_void_p, "q": ctypes.c_int64, "i": ctypes.c_uint32}
        prototype: Any = ctypes.CFUNCTYPE(ctypes.c_int64, *(kinds[letter] for letter in arguments))
        native: Native = prototype(self.address(name))
        return native

    def address(self, name: str) -> int:
        """Where the function of that name is, for compiled code that calls it."""
        address: int = self._engine.get_function_address(name)
        return address


def library(text: str, effort: int) -> Library:
    """The functions of an LLVM module, compiled now or found as they were compiled before.

    `effort`: 0 compiles fastest; 1 takes twice as long for code that is twice as fast; 2 ten times as long, and puts
    functions into each other, unrolls loops and takes several turns of them at once.
    """
    parts = (llvmlite.__version__, llvm.get_process_triple(), _processor(), str(effort), text)
    return Library(kept("\0".join(parts), lambda: _compiled(text, effort)))


def _compiled(text: str, effort: int) -> bytes:
    module, target = llvm.parse_assembly(text), _target(effort)
    module.verify()
    if effort > 1:
        builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=effort))
        builder.getModulePassManager().run(module, builder)
    code: bytes = target.emit_object(module)
    return code


def _target(effort: int) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=effort
    )


@cache
def _processor() -> str:
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
