"""Sign in: a client assertion (RFC 7523) for POST /oauth/token. Python 3, with the package cryptography."""

import base64
import json
import time
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sign_assertion(party_id, token_url, private_jwk, now=None, jti=None):
    """private_jwk: the private key of `huisbrug party keys`. Good for 60 seconds, and for one request."""
    now = int(now or time.time())
    header = {"alg": "EdDSA", "typ": "JWT", "kid": private_jwk["kid"]}
    claims = {
        "jti": jti or str(uuid.uuid4()),
        "iss": party_id,
        "sub": party_id,
        "aud": token_url,
        "iat": now,
        "exp": now + 60,
    }
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    text = b".".join(base64url(part) for part in parts)
    key = Ed25519PrivateKey.from_private_bytes(from_base64url(private_jwk["d"]))
    return (text + b"." + base64url(key.sign(text))).decode()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
