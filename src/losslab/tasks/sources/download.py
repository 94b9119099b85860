"""Downloads that show progress, resume, and verify a checksum; unpacking of archives.

Not a library, because pooch, torch.hub and torchvision restart an interrupted download from the beginning.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from losslab.errors import UserError

BLOCK = 2**18
TIMEOUT_SECONDS = 30


def fetch(urls: Sequence[str], path: Path, task: str, checksums: Sequence[str] = ()) -> None:
    """Download `path` from the first of `urls` that has it; does nothing if the file exists.

    An interrupted download is kept in `path` + ".part", and the next call asks only for the rest.

    Args:
        task: whose data these are, for the message.
        checksums: what the whole file may have, "sha256:..." or "md5:..."; none if none is published.

    Raises UserError if no address has the file, or its checksum is wrong.
    """
    if path.is_file():
        return
    reasons = []
    part = path.with_name(path.name + ".part")
    for url in urls:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(url, part)
        except (OSError, http.client.HTTPException) as error:
            reasons.append(f"{url}: {getattr(error, 'reason', None) or error}")
            continue
        if checksums and not _has(part, checksums):
            part.unlink()
            reasons.append(f"{url}: the checksum is wrong")
            continue
        part.replace(path)
        return
    raise UserError(
        f"no data of {task} under {path.parent} and they could not be downloaded ({'; '.join(reasons)}): run "
        f"scripts/download_data with network access, or set data_dir=FOLDER or LOSSLAB_DATA to a folder "
        f"that has them"
    )


def check(path: Path, checksums: Sequence[str]) -> None:
    """Raises UserError if the file has none of these checksums."""
    if not _has(path, checksums):
        raise UserError(
            f"{path} is not the published file, its checksum differs: delete it and run scripts/download_data"
        )


def _has(path: Path, checksums: Sequence[str]) -> bool:
    found = {
        algorithm: _digest(path, algorithm) for algorithm in {each.partition(":")[0] for each in checksums}
    }
    return any(found[each.partition(":")[0]] == each.partition(":")[2] for each in checksums)


def _digest(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .gz (one file), .zip or .tar.gz into `folder`, then delete it.

    Raises UserError if the archive is damaged or would write outside `folder`.
    """
    try:
        if archive.suffix == ".zip":
            shutil.unpack_archive(archive, folder)  # leaves out members with ".." or a leading "/"
        elif archive.name.endswith((".tar.gz", ".tgz")):
            shutil.unpack_archive(archive, folder, filter="data")
        else:
            unfinished = folder / f"{archive.stem}.part"
            with gzip.open(archive) as source, unfinished.open("wb") as target:
                shutil.copyfileobj(source, target)
            unfinished.replace(folder / archive.stem)
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise UserError(f"{archive} cannot be unpacked ({error}): delete it and download it again") from None
    archive.unlink()


def _download(url: str, part: Path) -> None:
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "losslab"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        part.unlink()  # it is longer than the file or already complete, so it cannot be resumed
        return _download(url, part)
    with response:
        if have and response.status != http.client.PARTIAL_CONTENT:
            have = 0  # a server that cannot resume sends everything
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns) as progress, part.open("ab" if have else "wb") as file:
            bar = progress.add_task(part.stem, total=total, completed=have)
            while block := response.read(BLOCK):
                file.write(block)
                progress.advance(bar, len(block))
    if total is not None and part.stat().st_size != total:
        raise OSError(f"cut off after {part.stat().st_size:,} of {total:,} bytes; run it again to go on")
