<?php
// One check per line on standard input, tab-separated; one answer per line. See languages.test.ts.
declare(strict_types=1);
foreach (['webhook', 'assertion', 'pseudonym'] as $file) {
    require "$argv[1]/$file.php";
}
$list = fn (string $text) => array_map('fromBase64url', explode(',', $text));
while (($line = fgets(STDIN)) !== false) {
    $a = explode("\t", rtrim($line, "\n"));
    try {
        echo match ($a[0]) {
            'webhook' => verifyWebhook(
                explode(',', $a[1]),
                ['webhook-id' => $a[2], 'webhook-timestamp' => $a[3], 'webhook-signature' => $a[4]],
                fromBase64url($a[6]),
                (int) $a[5]
            )['id'],
            'assertion' => signAssertion(
                $a[1],
                $a[2],
                ['kid' => $a[3], 'd' => $a[4]],
                $a[6] === '' ? null : (int) $a[6],
                $a[7] === '' ? null : $a[7]
            ),
            'blind' => base64url(blind($a[1], fromBase64url($a[2]))[1]),
            'check' => (function () use ($a, $list) {
                checkProof(fromBase64url($a[1]), $list($a[2]), $list($a[3]), fromBase64url($a[4]));
                return 'good';
            })(),
            'finish' => implode(',', array_map(
                'base64url',
                tagAndSecret(finish($a[1], fromBase64url($a[2]), fromBase64url($a[3])), $a[4])
            )),
        }, "\n";
    } catch (Exception $error) {
        echo 'refused', "\n";
    }
}
