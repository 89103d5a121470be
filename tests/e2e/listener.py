"""An HTTP endpoint of a subscriber, which keeps what it gets and answers what a test wants."""

import contextlib
import http.server
import json
import queue
import threading

import requests


class Listener:
    """What arrives, and how it is answered: with the statuses given, in turn, else with 200."""

    def __init__(self, tls=None):
        self.posts = queue.Queue()
        self.statuses = []
        self.gate = threading.Event()
        self.gate.set()
        self.confirms = True
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                listener.gate.wait(30)
                headers = {name.lower(): value for name, value in self.headers.items()}
                is_invitation = headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
                if is_invitation and listener.confirms:
                    answer = requests.get(json.loads(body)["SubscribeURL"], timeout=30)
                    assert answer.status_code == 200, answer.text
                # What has been answered has arrived.
                listener.posts.put((headers, body))
                self.send_response(listener.statuses.pop(0) if listener.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}/inbox"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        """The next post, which is on its way."""
        return self.posts.get(timeout=30)

    def arrived(self):
        """All posts that have arrived."""
        posts = []
        with contextlib.suppress(queue.Empty):
            while True:
                posts.append(self.posts.get_nowait())
        return posts

    def texts(self):
        """The messages of all posts that have arrived."""
        return [json.loads(body)["Message"] for _, body in self.arrived()]

    def stop(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
