"""Verify a webhook of the gateway (Standard Webhooks 1.0). Python 3.9 or newer, nothing to install."""

import base64
import hashlib
import hmac
import json
import time


class NotTrusted(Exception):
    """Answer 401, and do nothing else with the request."""


def verify_webhook(secrets, headers, raw_body, now=None, tolerance=300):
    """
    secrets: the `whsec_…` of your webhook; two of them while you rotate.
    headers: a dict with the names in lower case. raw_body: the bytes as they came, not parsed.
    Returns the event. Keep its "id": the gateway may send it again, and you handle it once.
    """
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs((now or time.time()) - int(timestamp)) > tolerance:
        raise NotTrusted("too old, too new, or no time at all")
    message = f"{event_id}.{timestamp}.".encode() + raw_body
    given = [
        part[3:] for part in headers.get("webhook-signature", "").split(" ") if part[:3] == "v1,"
    ]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        own = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(own.encode(), one.encode()) for one in given):
            event = json.loads(raw_body)
            if event["id"] != event_id:
                raise NotTrusted("the id is that of another event")
            return event
    raise NotTrusted("no signature by a known secret")
