"""Disk images for machines; made without mounting anything."""

import shutil
import subprocess

from . import paths

MIB = 1 << 20


def blank(name, mebibytes):
    path = paths.scratch(name)
    with open(path, "wb") as file:
        file.truncate(mebibytes * MIB)
    return path


def with_files(name, mebibytes, files):
    """An ext4 file system; files are {path in it: text, or Path of the file to copy}."""
    tree = paths.scratch(name).with_suffix(".tree")
    shutil.rmtree(tree, ignore_errors=True)
    for target, source in files.items():
        target = tree / target
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, str):
            target.write_text(source)
        else:
            shutil.copy(source, target)
    path = blank(name, mebibytes)
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, path], check=True, timeout=60)
    shutil.rmtree(tree)
    return path
