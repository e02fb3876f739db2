"""A mail server of the tests: aiosmtpd, set up by a JSON object in the first argument. Prints a line of JSON when it listens and one for
every mail that it took, before it says so to its client; ends when its input ends."""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = json.loads(sys.argv[1])


def tell(**what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if options.get("refuse_recipients"):
            return options["refuse_recipients"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if options.get("refuse_data"):
            return options["refuse_data"]
        tell(
            mail_from=envelope.mail_from,
            rcpt_tos=envelope.rcpt_tos,
            content=envelope.content.decode("utf-8"),
            encrypted=session.ssl is not None or options["tls"] == "implicit",
            authenticated=bool(session.authenticated),
        )
        if options.get("silent_after_data"):
            await asyncio.sleep(3600)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    user, password = options["user"].encode(), options["password"].encode()
    # Not handled: the server says so to its client.
    return AuthResult(success=(data.login, data.password) == (user, password), handled=False)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(options["certificate"], options["private_key"])
    return made


def session():
    starttls = options["tls"] == "starttls"
    has_users = "user" in options
    return SMTP(
        Handler(),
        enable_SMTPUTF8=options.get("utf8", False),
        tls_context=context() if starttls else None,
        require_starttls=starttls,
        auth_required=has_users,
        auth_require_tls=starttls,
        authenticator=authenticate if has_users else None,
        hostname="localhost",
    )


async def main():
    loop = asyncio.get_running_loop()
    over = context() if options["tls"] == "implicit" else None
    server = await loop.create_server(session, "127.0.0.1", options.get("port", 0), ssl=over)
    tell(port=server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)
    sys.stdout.flush()


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(main())
