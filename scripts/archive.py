#!/usr/bin/env python3
"""Packs a folder into a .tar.gz or .zip, the same bytes for the same files.

usage: archive.py FOLDER ARCHIVE

Names are sorted, the owner is nobody in particular, and everything is dated to SOURCE_DATE_EPOCH.
"""

import gzip
import os
import sys
import tarfile
import time
import zipfile
from pathlib import Path

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def files(folder):
    found = (it for it in folder.rglob("*") if it.is_file())
    return sorted((it.relative_to(folder).as_posix(), it) for it in found)


def mode(path):
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def pack_tar(folder, archive):
    with open(archive, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=EPOCH) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, path in files(folder):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.mtime = path.stat().st_size, mode(path), EPOCH
                entry.uname = entry.gname = "root"
                with open(path, "rb") as content:
                    tar.addfile(entry, content)


def pack_zip(folder, archive):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, path in files(folder):
            entry = zipfile.ZipInfo(name, time.gmtime(EPOCH)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Made on Unix, whatever this runs on.
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode(path)) << 16
            packed.writestr(entry, path.read_bytes())


def main():
    folder, archive = Path(sys.argv[1]), sys.argv[2]
    pack = pack_zip if archive.endswith(".zip") else pack_tar
    pack(folder, archive)


main()
