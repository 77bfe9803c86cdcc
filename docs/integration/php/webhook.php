<?php
// Verify a webhook of the gateway (Standard Webhooks 1.0). PHP 8.1 or newer, nothing to install.
declare(strict_types=1);

/** Answer 401, and do nothing else with the request. */
final class NotTrusted extends Exception
{
}

/**
 * @param string[] $secrets the `whsec_…` of your webhook; two of them while you rotate
 * @param array<string, string> $headers names in lower case
 * @param string $rawBody the bytes as they came: file_get_contents('php://input')
 * @return array<string, mixed> the event; keep its id: it may come again, and you handle it once
 */
function verifyWebhook(array $secrets, array $headers, string $rawBody, ?int $now = null): array
{
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    if (!ctype_digit($timestamp) || abs(($now ?? time()) - (int) $timestamp) > 300) {
        throw new NotTrusted('too old, too new, or no time at all');
    }
    $given = array_filter(
        explode(' ', $headers['webhook-signature'] ?? ''),
        fn (string $part) => str_starts_with($part, 'v1,')
    );
    foreach ($secrets as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        $own = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$rawBody", $key, true));
        foreach ($given as $one) {
            if (!hash_equals($own, $one)) {
                continue;
            }
            $event = json_decode($rawBody, true, 64, JSON_THROW_ON_ERROR);
            if ($event['id'] !== $id) {
                throw new NotTrusted('the id is that of another event');
            }
            return $event;
        }
    }
    throw new NotTrusted('no signature by a known secret');
}
