"""A server on this machine that stands for the public homes of data."""

import contextlib
import http.server
import threading
from typing import ClassVar


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `files`, from where the Range header says; cuts the answer off after `cut` bytes."""

    files: ClassVar[dict[str, bytes]] = {}
    ranges: ClassVar[list[str | None]] = []
    cut: int | None = None
    resumes = True
    url: str

    def do_GET(self):
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        wanted = self.headers.get("Range")
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.resumes else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content[start:] if self.cut is None else content[start : start + self.cut])

    def log_message(self, *_):
        return


@contextlib.contextmanager
def serving(files):
    """A class like Handler, whose `url` serves `files` (path -> content) until the block ends."""
    handler = type("Fresh", (Handler,), {"files": dict(files), "ranges": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        handler.url = f"http://127.0.0.1:{running.server_port}"
        yield handler
        running.shutdown()
