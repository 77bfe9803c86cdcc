import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '../../src/audit/checkpoint.ts'
import type { AuditErrorCode } from '../../src/audit/errors.ts'
import { noteSigner, noteVerifier, openNote, signNote, splitNote } from '../../src/audit/note.ts'
import { ORIGIN, sha256, testSigner } from './support.ts'

// The example of the C2SP signed-note specification.
const SPEC_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const SPEC_NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`
const SPEC_LINE = SPEC_NOTE.split('\n')[2]!

function codeOf(work: () => unknown): AuditErrorCode | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { code: AuditErrorCode }).code
  }
}

describe('the example of the specification', () => {
  const verifier = noteVerifier(SPEC_KEY)

  test('is verified by its key', () => {
    const { text, verified, unverified } = openNote(SPEC_NOTE, [verifier])
    expect(text).toBe('This is an example message.\n')
    expect(verified).toHaveLength(1)
    expect(unverified).toHaveLength(0)
    expect(verified[0]!.keyId.toString('hex')).toBe('530d903a')
  })

  test.each([
    ['another text', SPEC_NOTE.replace('example', 'Example'), 'note-bad-signature'],
    ['another signature', SPEC_NOTE.replace('neyaQM=', 'neyaQQ='), 'note-bad-signature'],
    ['a signature of no length', SPEC_NOTE.replace(/Uw2QO.*/, 'Uw2QOg=='), 'note-malformed'],
    ['a short signature', SPEC_NOTE.replace(/Uw2QO.*/, 'Uw2QOgAA'), 'note-bad-signature'],
    ['another key id', SPEC_NOTE.replace('Uw2QO', 'Vw2QO'), 'note-unverified'],
    [
      'another name',
      SPEC_NOTE.replace('— example.com/foo', '— example.com/bar'),
      'note-unverified',
    ],
    ['no signature', 'This is an example message.\n\n', 'note-malformed'],
    ['no empty line', SPEC_NOTE.replace('\n\n', '\n'), 'note-malformed'],
    ['no newline at the end', SPEC_NOTE.slice(0, -1), 'note-malformed'],
    ['a hyphen for the dash', SPEC_NOTE.replace('—', '-'), 'note-malformed'],
    ['two spaces', SPEC_NOTE.replace('foo U', 'foo  U'), 'note-malformed'],
    ['a control character', SPEC_NOTE.replace('example', 'exam\tple'), 'note-malformed'],
    ['a carriage return', SPEC_NOTE.replaceAll('\n', '\r\n'), 'note-malformed'],
    ['base64 that is not canonical', SPEC_NOTE.replace('neyaQM=', 'neyaQN='), 'note-malformed'],
    ['101 signatures', SPEC_NOTE + `${SPEC_LINE}\n`.repeat(100), 'note-malformed'],
    ['more than a million characters', `${'x'.repeat(1_000_000)}${SPEC_NOTE}`, 'note-malformed'],
  ])('is refused with %s', (_, note, code) => {
    expect(note).not.toBe(SPEC_NOTE)
    expect(codeOf(() => openNote(note, [verifier]))).toBe(code)
  })

  test('with its key id written in another way is no verifier key', () => {
    for (const key of [
      SPEC_KEY.replace('530d903a', '530d903b'),
      SPEC_KEY.replace('530d903a', '530D903A'),
      SPEC_KEY.replace('+Aeky', '+Beky'),
      SPEC_KEY.replace('3U2k', '3U2'),
      SPEC_KEY.replace('example.com/foo', ''),
      SPEC_KEY.replace('example', 'exam ple'),
      '',
    ])
      expect(codeOf(() => noteVerifier(key))).toBe('note-key-malformed')
  })
})

describe('signing', () => {
  test('a verifier key is name, key id and key, as the specification builds them', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
    const keyId = sha256(Buffer.from(`${ORIGIN}\n`), Buffer.of(1), raw).subarray(0, 4)
    const expected = `${ORIGIN}+${keyId.toString('hex')}+${Buffer.concat([Buffer.of(1), raw]).toString('base64')}`
    expect(noteSigner(ORIGIN, privateKey).verifierKey).toBe(expected)
  })

  test('any text of whole lines goes there and back', () => {
    const signer = testSigner()
    const verifier = noteVerifier(signer.verifierKey)
    const line = fc.string({ unit: 'grapheme' }).filter(text => !/\p{Cc}/u.test(text))
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), lines => {
        const text = `${lines.join('\n')}\n`
        expect(openNote(signNote(text, [signer]), [verifier]).text).toBe(text)
      }),
    )
  })

  test('is refused for a text without an end or with control characters', () => {
    for (const text of ['no newline', 'a\u0000b\n', 'half \ud800\n', ''])
      expect(codeOf(() => signNote(text, [testSigner()]))).toBe('note-malformed')
  })

  test('is refused with a bad name or another kind of key', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    expect(codeOf(() => noteSigner('a name', privateKey))).toBe('note-key-malformed')
    expect(codeOf(() => noteSigner('a+b', privateKey))).toBe('note-key-malformed')
    expect(codeOf(() => noteSigner('', privateKey))).toBe('note-key-malformed')
    const other = generateKeyPairSync('x25519').privateKey
    expect(
      codeOf(() =>
        noteSigner('a', createPrivateKey(other.export({ type: 'pkcs8', format: 'pem' }))),
      ),
    ).toBe('note-key-malformed')
  })

  test('several signatures: unknown keys are ignored, a known one that is wrong rejects the note', () => {
    const [log, witness, stranger] = [
      testSigner(),
      testSigner('witness.example/1'),
      testSigner('stranger'),
    ]
    const note = signNote('text\n', [log, witness, stranger])
    const known = [noteVerifier(log.verifierKey), noteVerifier(witness.verifierKey)]
    const opened = openNote(note, known)
    expect(opened.verified.map(({ name }) => name)).toEqual([ORIGIN, 'witness.example/1'])
    expect(opened.unverified.map(({ name }) => name)).toEqual(['stranger'])
    const spoilt = note.replace(
      /(— witness.example\/1 .{40})(.)/,
      (_, start, c) => `${start}${c === 'A' ? 'B' : 'A'}`,
    )
    expect(spoilt).not.toBe(note)
    expect(codeOf(() => openNote(spoilt, known))).toBe('note-bad-signature')
    expect(openNote(spoilt, [known[0]!]).verified).toHaveLength(1)
  })

  test('a repeated signature counts once', () => {
    const signer = testSigner()
    const note = signNote('text\n', [signer, signer])
    expect(splitNote(note).signatures).toHaveLength(2)
    expect(openNote(note, [noteVerifier(signer.verifierKey)]).verified).toHaveLength(1)
  })
})

describe('checkpoints', () => {
  const root = sha256(Buffer.from('root'))
  const body = `${ORIGIN}\n42\n${root.toString('base64')}\n`

  test('are origin, size and root on a line each', () => {
    expect(formatCheckpoint({ origin: ORIGIN, size: 42, root })).toBe(body)
    expect(parseCheckpoint(body)).toEqual({ origin: ORIGIN, size: 42, root })
  })

  test('may have extension lines, which are ignored', () => {
    expect(parseCheckpoint(`${body}extension\n`).size).toBe(42)
  })

  test.each([
    ['a leading zero', body.replace('42', '042')],
    ['a negative size', body.replace('42', '-42')],
    ['a size with a fraction', body.replace('42', '4.2')],
    ['a size beyond exact numbers', body.replace('42', '9007199254740993')],
    ['no origin', body.replace(ORIGIN, '')],
    ['a short root', body.replace(/\n[^\n]*\n$/, '\nAAAA\n')],
    ['no end of line', body.slice(0, -1)],
    ['an empty extension line', `${body}\n`],
    ['an empty line before an extension', `${body}\nextension\n`],
    ['only two lines', `${ORIGIN}\n42\n`],
  ])('with %s are refused', (_, text) => {
    expect(codeOf(() => parseCheckpoint(text))).toBe('checkpoint-malformed')
  })

  test('are opened with the key of the log, and only for its own origin', () => {
    const signer = testSigner()
    const verifier = noteVerifier(signer.verifierKey)
    expect(openCheckpoint(signCheckpoint(signer, 42, root), verifier)).toEqual({
      origin: ORIGIN,
      size: 42,
      root,
    })
    const other = signNote(body.replace(ORIGIN, 'other.example/log'), [signer])
    expect(codeOf(() => openCheckpoint(other, verifier))).toBe('checkpoint-malformed')
    expect(codeOf(() => openCheckpoint(signCheckpoint(testSigner(), 42, root), verifier))).toBe(
      'note-unverified',
    )
  })
})
