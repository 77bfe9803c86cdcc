"""Pseudonyms without showing the number to the gateway (RFC 9497, VOPRF, ristretto255-SHA512)."""

import hashlib
import hmac
import secrets

from ristretto255 import BASE, ORDER, add, decode, encode, from_uniform, multiply

CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"


def blind(national_number, scalar=None):
    """Returns (scalar, blinded): keep the scalar to yourself, send the 32 bytes to the gateway."""
    scalar = scalar or secrets.randbelow(ORDER - 1) + 1
    element = from_uniform(expand(input_of(national_number), b"HashToGroup-" + CONTEXT))
    return scalar, encode(multiply(scalar, element))


def check_proof(public_key, blinded, evaluated, proof):
    """
    All that one call sent (blinded) and got (evaluated, proof), in that order. public_key is the key
    that the audit log publishes, not the one in the reply. Raises ValueError: then stop, and use nothing.
    """
    if len(blinded) != len(evaluated) or len(proof) != 64:
        raise ValueError("the reply does not fit the request")
    seed = hashlib.sha512(framed(public_key) + framed(b"Seed-" + CONTEXT)).digest()
    m = z = (0, 1, 1, 0)
    for index, (one, other) in enumerate(zip(blinded, evaluated)):
        text = framed(seed) + index.to_bytes(2, "big") + framed(one) + framed(other) + b"Composite"
        weight = hash_to_scalar(text)
        m, z = add(m, multiply(weight, decode(one))), add(z, multiply(weight, decode(other)))
    c, s = (int.from_bytes(half, "little") for half in (proof[:32], proof[32:]))
    key = decode(public_key)
    t2 = add(multiply(s, BASE), multiply(c, key))
    t3 = add(multiply(s, m), multiply(c, z))
    parts = [public_key] + [encode(point) for point in (m, z, t2, t3)]
    expected = hash_to_scalar(b"".join(map(framed, parts)) + b"Challenge")
    if c >= ORDER or s >= ORDER or c != expected:
        raise ValueError("the proof is wrong")


def finish(national_number, scalar, evaluated):
    """The 64 bytes from which the pseudonyms of a person come."""
    unblinded = encode(multiply(pow(scalar, -1, ORDER), decode(evaluated)))
    return hashlib.sha512(
        framed(input_of(national_number)) + framed(unblinded) + b"Finalize"
    ).digest()


def tag_and_secret(output, domain):
    """The pseudonym (16 bytes) in a domain such as wm-vdab/1/1, and the secret of its rows (32)."""
    data = hkdf(output, f"huisbrug tag v1 {domain}".encode(), 48)
    return data[:16], data[16:]


def input_of(national_number):
    return b"be.insz:" + national_number.encode()


def framed(data):
    return len(data).to_bytes(2, "big") + data


def hash_to_scalar(data):
    return int.from_bytes(expand(data, b"HashToScalar-" + CONTEXT), "little") % ORDER


def expand(data, tag):
    """expand_message_xmd of RFC 9380 with SHA-512, 64 bytes."""
    tail = tag + bytes([len(tag)])
    first = hashlib.sha512(bytes(128) + data + b"\x00\x40\x00" + tail).digest()
    return hashlib.sha512(first + b"\x01" + tail).digest()


def hkdf(key, info, length):
    """RFC 5869 with SHA-256 and without a salt."""
    secret = hmac.new(bytes(32), key, hashlib.sha256).digest()
    data = block = b""
    while len(data) < length:
        block = hmac.new(secret, block + info + bytes([len(data) // 32 + 1]), hashlib.sha256).digest()
        data += block
    return data[:length]
