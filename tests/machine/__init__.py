"""Starts emulated machines that boot Ringfort, and talks to them over their serial line."""

from .boot import Boot, Module
from .bochs import Bochs
from .console import MachineError
from .domain0 import Domain0
from .guest import Guest
from .qemu import Qemu

__all__ = ["Boot", "Module", "Bochs", "MachineError", "Domain0", "Guest", "Qemu"]
