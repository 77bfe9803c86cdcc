"""One check per line on standard input, tab-separated; one answer per line. See languages.test.ts."""

import sys

sys.path.insert(0, sys.argv[1])

from assertion import base64url, from_base64url, sign_assertion
from pseudonym import blind, check_proof, finish, tag_and_secret
from webhook import NotTrusted, verify_webhook


def scalar(text):
    return int.from_bytes(from_base64url(text), "little")


def many(text):
    return [from_base64url(one) for one in text.split(",")]


def text_of(*parts):
    return ",".join(base64url(part).decode() for part in parts)


def answer(kind, *a):
    if kind == "webhook":
        headers = {"webhook-id": a[1], "webhook-timestamp": a[2], "webhook-signature": a[3]}
        return verify_webhook(a[0].split(","), headers, from_base64url(a[5]), int(a[4]))["id"]
    if kind == "assertion":
        return sign_assertion(a[0], a[1], {"kid": a[2], "d": a[3]}, a[5] or None, a[6] or None)
    if kind == "blind":
        return text_of(blind(a[0], scalar(a[1]))[1])
    if kind == "check":
        check_proof(from_base64url(a[0]), many(a[1]), many(a[2]), from_base64url(a[3]))
        return "good"
    return text_of(*tag_and_secret(finish(a[0], scalar(a[1]), from_base64url(a[2])), a[3]))


for line in sys.stdin:
    try:
        print(answer(*line.rstrip("\n").split("\t")))
    except (NotTrusted, ValueError):
        print("refused")
