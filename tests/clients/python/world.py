"""What the walks go through: a server of enroll as a process, the applications that call it, and the world outside on
ports of this machine: a mail server, an API that sends texts to phones, a provider of captchas. Each of those keeps
what it got, and a walk waits for what is on its way."""

import base64
import contextlib
import email
import email.policy
import html
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import urllib.parse

from enroll.v1 import realm_pb2, realm_service_pb2, tenant_pb2, tenant_service_pb2
from wire import Client

START_SECONDS_MAX = 30
# Longer than any message or command takes on a busy machine.
WAIT_SECONDS_MAX = 20
END_SECONDS_MAX = 8

PRESETS = ("dialogportal", "onlyoffice", "fluid-topics", "servicestack", "comexposium")
SENDER = "Enroll <post@enroll.example>"
# What the links in mails begin with.
LINKS = "https://id.example"


class Arrivals:
    """What came so far. One thread adds, another waits; once it has ended nothing more comes."""

    def __init__(self):
        self._changed = threading.Condition()
        self._items = []
        self._ended = False

    def add(self, item):
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def end(self):
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def of(self, is_wanted=lambda item: True):
        """Those that are wanted, as many as there are."""
        with self._changed:
            return [item for item in self._items if is_wanted(item)]

    def wait(self, what, is_wanted=lambda item: True, count=1, seconds=WAIT_SECONDS_MAX):
        """Those that are wanted, once there are so many of them."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self.of(is_wanted)) >= count, seconds)
            found = self.of(is_wanted)
            assert len(found) >= count, f"{what}: {len(found)} came and not {count}; in all there are {self._items}"
            return found


class Mail:
    """A mail as a mail program shows it."""

    def __init__(self, received):
        message = email.message_from_string(received["content"], policy=email.policy.default)
        self.recipients = received["rcpt_tos"]
        self.to, self.sender, self.subject = message["To"], message["From"], message["Subject"]
        self.text = message.get_body(["plain"]).get_content()
        self.html = message.get_body(["html"]).get_content()

    @property
    def link(self):
        """The one link, the same in both bodies; None where there is none."""
        links = set(re.findall(r"https?://\S+", self.text))
        clicked = {html.unescape(link) for link in re.findall(r'href="([^"]*)"', self.html)}
        assert links == clicked and len(links) <= 1, self.text + self.html
        return links.pop() if links else None

    @property
    def token(self):
        """The one token."""
        tokens = set(re.findall(r"enroll_(?:confirm|password)_\w+", self.text))
        assert len(tokens) == 1, self.text
        return tokens.pop()

    def __repr__(self):
        return f"<{self.subject!r} to {self.to}>"


class MailServer:
    """`smtp_server.py` as a process of its own, in the open."""

    def __enter__(self):
        program = pathlib.Path(__file__).with_name("smtp_server.py")
        self._process = subprocess.Popen(
            [sys.executable, program, json.dumps({"tls": "none"})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines = Arrivals()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.port = self._lines.wait("the port of the mail server")[0]["port"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self):
        for line in self._process.stdout:
            told = json.loads(line)
            self._lines.add(Mail(told) if "content" in told else told)
        self._lines.end()

    def to(self, address, count=1):
        """The mails to an address, the oldest first, once there are so many; never more."""
        found = self._lines.wait(f"mails to {address}", self._is_to(address), count)
        assert len(found) == count, f"{count} mails to {address} were due: {found}"
        assert all(mail.recipients == [address] for mail in found), found
        return found

    def assert_none_to(self, address):
        found = self._lines.of(self._is_to(address))
        assert not found, f"no mail to {address} was due: {found}"

    @staticmethod
    def _is_to(address):
        return lambda item: isinstance(item, Mail) and item.to == address


class Provider:
    """An HTTP server that forms are posted to: `answer` of a subclass says what comes back, a status and JSON. `asked`
    has every form with the status that it got."""

    path = "/"

    def __enter__(self):
        self.asked = Arrivals()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = provider._take(self.path, self.headers, body.decode())
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}{self.path}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path, headers, body):
        if path != self.path or headers["Content-Type"] != "application/x-www-form-urlencoded":
            return 404, {}
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True))
        status, answer = self.answer(form, headers)
        self.asked.add((form, status))
        return status, answer


class Phones(Provider):
    """Twilio's way to send a text: 201 and the id of the message."""

    user, password, sender = "AC0123", "the password of texts", "+4570123456"
    path = f"/2010-04-01/Accounts/{user}/Messages.json"

    def answer(self, form, headers):
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if headers["Authorization"] != f"Basic {pair}":
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        if set(form) != {"From", "To", "Body"} or form["From"] != self.sender or not headers["Idempotency-Key"]:
            return 400, {"code": 21603, "message": "The request is not complete", "status": 400}
        return 201, {"sid": "SM0123", "status": "queued", "to": form["To"]}

    def code_to(self, number):
        """The six digits in the only text to a number, once it is there."""
        found = self.asked.wait(f"a text to {number}", lambda asked: asked[0].get("To") == number)
        assert [status for _, status in found] == [201], found
        words = r"(\d{6}) is your code\. It is valid for 10 minutes\. Do not share it\."
        said = re.fullmatch(words, found[0][0]["Body"])
        assert said, found
        return said[1]


class Captchas(Provider):
    """The `siteverify` that reCAPTCHA, hCaptcha and Turnstile share: only the token `solved` passes."""

    secret = "the secret of captchas"
    path = "/siteverify"
    is_down = False

    def answer(self, form, headers):
        if self.is_down:
            return 500, {}
        if form.get("secret") != self.secret:
            return 200, {"success": False, "error-codes": ["invalid-input-secret"]}
        if form.get("response") != "solved":
            return 200, {"success": False, "error-codes": ["invalid-input-response"]}
        return 200, {"success": True}


@contextlib.contextmanager
def serving(binary, settings):
    """`enroll serve` as a process, and where it serves. It has to end well."""
    process = subprocess.Popen(
        [binary, "serve"],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    printed = Arrivals()
    reader = threading.Thread(target=read, args=(process.stdout, printed), daemon=True)
    reader.start()
    has_failed = True
    try:
        started = printed.wait("the address of the server", address, seconds=START_SECONDS_MAX)
        yield address(started[0])
        has_failed = False
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(END_SECONDS_MAX)
        if has_failed or process.returncode != 0:
            print("the server said:", *printed.of(), sep="\n", file=sys.stderr)
        assert process.returncode == 0, f"the server ended with {process.returncode}"


def read(output, printed):
    for line in output:
        printed.add(line.rstrip("\n"))
    printed.end()


def address(line):
    """Where the server serves, if this is the line of its log that says so."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event.get("address") if event.get("message") == "serving" else None


def settings(mails, phones, captchas):
    """What tells the server of the world outside."""
    return {
        "ENROLL_MAIL_HOST": "127.0.0.1",
        "ENROLL_MAIL_PORT": str(mails.port),
        "ENROLL_MAIL_TLS": "none",
        "ENROLL_MAIL_FROM": SENDER,
        "ENROLL_TEXT_URL": phones.url,
        "ENROLL_TEXT_FROM": Phones.sender,
        "ENROLL_TEXT_USER": Phones.user,
        "ENROLL_TEXT_PASSWORD": Phones.password,
        "ENROLL_CAPTCHA_URL": captchas.url,
        "ENROLL_CAPTCHA_SECRET": Captchas.secret,
    }


class World:
    """A server that serves, the world outside it, and the applications that call it."""

    def __init__(self, binary, endpoint, mails, phones, captchas):
        self.binary, self.endpoint = binary, endpoint
        self.mails, self.phones, self.captchas = mails, phones, captchas
        self.operator = Client(endpoint, os.environ["ENROLL_BOOTSTRAP_KEY"])
        self.made = {preset: self.create("--preset", preset) for preset in PRESETS}
        # An application with no more than its work takes.
        self.made["front"] = self.create("front", "--permission", "sessions.read", "--permission", "tenants.create")
        self.front = self.client("front")
        tenant = tenant_pb2.Tenant(link_base=LINKS)
        self.operator.call(self.operator.tenants.UpdateTenant, tenant_service_pb2.UpdateTenantRequest(tenant=tenant))

    def create(self, *arguments):
        """Makes an application as an operator does."""
        environment = {"ENROLL_ENDPOINT": f"http://{self.endpoint}", "ENROLL_KEY": os.environ["ENROLL_BOOTSTRAP_KEY"]}
        command = [self.binary, "app", "create", *arguments, "--json"]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS_MAX, check=False
        )
        assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return json.loads(ended.stdout)

    def client(self, name, **metadata):
        return Client(self.endpoint, self.made[name]["secret"], **metadata)

    def change_realm(self, name, **rules):
        realm = realm_pb2.Realm(realm_id=self.made[name]["realmId"], **rules)
        self.operator.call(self.operator.realms.UpdateRealm, realm_service_pb2.UpdateRealmRequest(realm=realm))


@contextlib.contextmanager
def opened(binary):
    """The world, as long as it is used."""
    with MailServer() as mails, Phones() as phones, Captchas() as captchas:
        with serving(binary, settings(mails, phones, captchas)) as endpoint:
            yield World(binary, endpoint, mails, phones, captchas)
