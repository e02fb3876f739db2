"""Verifies password hashes by the reference implementation of Argon2: verify_hashes.py PASSWORD HASH..

Every hash has to be of this password, and of no other.
"""

import sys

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

password, hashes = sys.argv[1], sys.argv[2:]
hasher = PasswordHasher()
for encoded in hashes:
    hasher.verify(encoded, password)
    try:
        hasher.verify(encoded, password + " ")
    except VerifyMismatchError:
        continue
    sys.exit("a hash is of any password")
print(f"{len(hashes)} verified")
