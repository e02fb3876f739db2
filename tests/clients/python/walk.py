"""Walks through enroll with the world outside it: mails are read from a mail server, codes from the phones' provider,
and captchas are judged.

Usage: walk.py ENROLL_BINARY, with the settings of the server in the environment: its database, ports to listen on, a
master key and the operator's key (ENROLL_BOOTSTRAP_KEY). It starts the server itself and ends it."""

import signal
import sys

from people import an_address, passwords, portal, sessions
from systems import closed_realm, comexposium, dialogportal, fluid_topics, onlyoffice, servicestack
from world import opened

# All in all; less than whoever starts this waits, so that the server is always ended.
RUN_SECONDS_MAX = 50

WALKS = (
    an_address,
    sessions,
    passwords,
    portal,
    dialogportal,
    onlyoffice,
    fluid_topics,
    closed_realm,
    servicestack,
    comexposium,
)


def time_is_up(*_):
    raise TimeoutError(f"not done in {RUN_SECONDS_MAX} seconds")


signal.signal(signal.SIGALRM, time_is_up)
signal.alarm(RUN_SECONDS_MAX)
with opened(sys.argv[1]) as world:
    for walk in WALKS:
        walk(world)
        print(f"{walk.__name__}: as expected", flush=True)
    # An account whose number was still to be proved was not called ready: mails that were written later have come by now.
    world.mails.assert_none_to("mailbox@mailserver.com")
    signal.alarm(0)
