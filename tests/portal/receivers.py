"""What the portal sends to, for tests: a small mail server and a small chat, which answer as they are told."""

import contextlib
import json
import socketserver
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mailbox(socketserver.ThreadingTCPServer):
    """A small SMTP server. ``answers`` are given to RCPT in turn, then 250; ``drops`` after the text."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.texts, self.answers, self.drops = [], [], False
        super().__init__(("127.0.0.1", 0), Conversation)


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        self.say("220 mail.larkspur.example")
        while line := self.rfile.readline().decode().strip():
            command = line.partition(" ")[0].upper()
            if command == "RCPT" and self.server.answers:
                self.say(self.server.answers.pop(0))
            elif command == "DATA":
                self.say("354 go on")
                if not self.take():
                    return
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def take(self):
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        self.server.texts.append("".join(lines))
        if self.server.drops:
            return False
        self.say("250 taken")
        return True


class Chat(ThreadingHTTPServer):
    """A chat. ``answers`` are (status, headers) in turn, then 200; None is silence until they give up."""

    daemon_threads = True

    def __init__(self):
        self.taken, self.answers = [], []
        super().__init__(("127.0.0.1", 0), Hook)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/services/T0-secret"


class Hook(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, dict(self.headers), json.loads(body)))
        answer = self.server.answers.pop(0) if self.server.answers else (200, {})
        with contextlib.suppress(OSError):
            if answer is None:
                self.rfile.read(1)  # ends when the other side closes
                return
            status, headers = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok" if status == 200 else b"no_service")

    def log_message(self, *args):
        pass
