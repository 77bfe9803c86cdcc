<?php
// Sign in: a client assertion (RFC 7523) for POST /oauth/token. PHP 8.1 or newer with ext-sodium.
declare(strict_types=1);

/**
 * @param array{kid: string, d: string} $privateJwk the private key of `huisbrug party keys`
 * @return string good for 60 seconds, and for one request
 */
function signAssertion(
    string $partyId,
    string $tokenUrl,
    array $privateJwk,
    ?int $now = null,
    ?string $jti = null
): string {
    $now ??= time();
    $header = ['alg' => 'EdDSA', 'typ' => 'JWT', 'kid' => $privateJwk['kid']];
    $claims = [
        'jti' => $jti ?? bin2hex(random_bytes(16)),
        'iss' => $partyId,
        'sub' => $partyId,
        'aud' => $tokenUrl,
        'iat' => $now,
        'exp' => $now + 60,
    ];
    $encode = fn (array $part) => base64url(json_encode($part, JSON_UNESCAPED_SLASHES));
    $text = $encode($header) . '.' . $encode($claims);
    $pair = sodium_crypto_sign_seed_keypair(fromBase64url($privateJwk['d']));
    return $text . '.' . base64url(sodium_crypto_sign_detached($text, sodium_crypto_sign_secretkey($pair)));
}

function base64url(string $bytes): string
{
    return sodium_bin2base64($bytes, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
}

function fromBase64url(string $text): string
{
    return sodium_base642bin($text, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
}
