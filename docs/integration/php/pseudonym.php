<?php
// Pseudonyms without showing the number to the gateway (RFC 9497, VOPRF, ristretto255-SHA512).
// PHP 8.1 or newer with ext-sodium (libsodium 1.0.18).
declare(strict_types=1);

const CONTEXT = "OPRFV1-\x01-ristretto255-SHA512";

/** @return array{string, string} the scalar, to keep to yourself, and the 32 bytes to send */
function blind(string $nationalNumber, ?string $scalar = null): array
{
    $scalar ??= sodium_crypto_core_ristretto255_scalar_random();
    $uniform = expand(inputOf($nationalNumber), 'HashToGroup-' . CONTEXT);
    $element = sodium_crypto_core_ristretto255_from_hash($uniform);
    return [$scalar, sodium_crypto_scalarmult_ristretto255($scalar, $element)];
}

/**
 * All that one call sent and got, in that order. $publicKey is the key that the audit log publishes,
 * not the one in the reply. Where it throws: stop, and use nothing.
 *
 * @param string[] $blinded
 * @param string[] $evaluated
 */
function checkProof(string $publicKey, array $blinded, array $evaluated, string $proof): void
{
    if (count($blinded) !== count($evaluated) || count($blinded) === 0 || strlen($proof) !== 64) {
        throw new RuntimeException('the reply does not fit the request');
    }
    $seed = hash('sha512', framed($publicKey) . framed('Seed-' . CONTEXT), true);
    $m = $z = null;
    foreach ($blinded as $index => $one) {
        $other = $evaluated[$index];
        $text = framed($seed) . pack('n', $index) . framed($one) . framed($other) . 'Composite';
        $weight = hashToScalar($text);
        $m = sum($m, sodium_crypto_scalarmult_ristretto255($weight, $one));
        $z = sum($z, sodium_crypto_scalarmult_ristretto255($weight, $other));
    }
    [$c, $s] = str_split($proof, 32);
    $t2 = sum(
        sodium_crypto_scalarmult_ristretto255_base($s),
        sodium_crypto_scalarmult_ristretto255($c, $publicKey)
    );
    $t3 = sum(
        sodium_crypto_scalarmult_ristretto255($s, $m),
        sodium_crypto_scalarmult_ristretto255($c, $z)
    );
    $transcript = implode('', array_map('framed', [$publicKey, $m, $z, $t2, $t3]));
    if (!hash_equals(hashToScalar($transcript . 'Challenge'), $c)) {
        throw new RuntimeException('the proof is wrong');
    }
}

/** The 64 bytes from which the pseudonyms of a person come. */
function finish(string $nationalNumber, string $scalar, string $evaluated): string
{
    $inverse = sodium_crypto_core_ristretto255_scalar_invert($scalar);
    $unblinded = sodium_crypto_scalarmult_ristretto255($inverse, $evaluated);
    return hash('sha512', framed(inputOf($nationalNumber)) . framed($unblinded) . 'Finalize', true);
}

/**
 * @return array{string, string} the pseudonym (16 bytes) in a domain such as wm-vdab/1/1, and the
 *   secret of its rows (32)
 */
function tagAndSecret(string $output, string $domain): array
{
    $bytes = hash_hkdf('sha256', $output, 48, "huisbrug tag v1 $domain");
    return [substr($bytes, 0, 16), substr($bytes, 16)];
}

function inputOf(string $nationalNumber): string
{
    return "be.insz:$nationalNumber";
}

function framed(string $bytes): string
{
    return pack('n', strlen($bytes)) . $bytes;
}

function sum(?string $left, string $right): string
{
    return $left === null ? $right : sodium_crypto_core_ristretto255_add($left, $right);
}

function hashToScalar(string $bytes): string
{
    return sodium_crypto_core_ristretto255_scalar_reduce(expand($bytes, 'HashToScalar-' . CONTEXT));
}

/** expand_message_xmd of RFC 9380 with SHA-512, 64 bytes. */
function expand(string $bytes, string $tag): string
{
    $tail = $tag . chr(strlen($tag));
    $first = hash('sha512', str_repeat("\0", 128) . $bytes . "\0\x40\0" . $tail, true);
    return hash('sha512', $first . "\x01" . $tail, true);
}
