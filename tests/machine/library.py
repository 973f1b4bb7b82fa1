"""Guests of the library in guests/, run by xl: their images reach Domain0 on a disk."""

import json
import tarfile

from . import paths
from .qemu import disk

FOLDER = "/tmp/guests"

# Shell functions.  open_console NAME: makes a guest's console file 3.  ask NAME LINE: a line to
# it, and what it says until the line comes back.  attend NAME: starts a paused guest, and all that
# it says until it is gone.
FUNCTIONS = [
    'open_console() { exec 3<>"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"; }',
    "ask() {",
    '  open_console "$1" && echo "$2" >&3 || return',
    "  while read -r -t 20 answer <&3; do",
    '    echo "$answer"',
    '    case $answer in *"$2"*) return 0 ;; esac',
    "  done",
    "  return 1",
    "}",
    'attend() { open_console "$1" && xl unpause "$1" && cat <&3; exec 3>&-; }',
]


def guests_disk(name, number=0):
    """QEMU's arguments for a disk that is a tar file of all images that are no test-*."""
    path = paths.scratch(name + ".tar")
    with tarfile.open(path, "w") as tar:
        for image in sorted((paths.BUILD / "guests").glob("*.elf")):
            if not image.name.startswith("test-"):
                tar.add(image, image.name)
    return disk("virtio", path, number)


def unpack_guests(dom0, device):
    """Puts the images of guests_disk into FOLDER, and defines the functions."""
    dom0.run(f"mkdir -p {FOLDER} && tar -x -C {FOLDER} -f {device}")
    dom0.run("\n".join(FUNCTIONS))


def create(dom0, image, name, memory=4, paused=False, timeout=60, **settings):
    """Creates a guest from an image."""
    settings.update(kernel=f"{FOLDER}/{image}.elf", name=name, memory=memory)
    words = " ".join(f"'{key}={json.dumps(value)}'" for key, value in settings.items())
    dom0.run(f"xl create -q {'-p' if paused else ''} /dev/null {words}", timeout)


def attend(dom0, name, timeout=120):
    """Starts a guest that was created paused: what it says until it ends."""
    return dom0.run(f"attend {name}", timeout, check=False)
