"""Serve a folder on this machine only: serve.py FOLDER [PORT]."""

import functools
import http.server
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        # After a rebuild a reload shows the new page.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *args):
        pass


def bind(folder, port):
    """A server on the first free port from `port` on."""
    handler = functools.partial(Handler, directory=folder)
    for candidate in range(port, min(port + 100, 65536)):
        try:
            return http.server.ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except OSError:
            continue
    sys.exit(f"No port from {port} on is free; name another: make serve PORT=9000")


def main(folder, port="8000"):
    with bind(folder, int(port)) as server:
        if server.server_port != int(port):
            print(f"Port {port} is taken.")
        print(
            f"The book is at http://127.0.0.1:{server.server_port}/ until you press Ctrl+C.",
            flush=True,
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main(*sys.argv[1:])
