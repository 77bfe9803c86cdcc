import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import {
  appendLines,
  cosignatureVerifier,
  cosigner,
  readCosignatures,
} from '../../src/audit/cosignature.ts'
import { noteVerifier, openNote, splitNote } from '../../src/audit/note.ts'
import {
  formatAddCheckpoint,
  parseAddCheckpoint,
  parseSize,
} from '../../src/audit/witness-request.ts'
import { otherLog, testWitness } from './support.ts'

const log = otherLog('other.example/log')
const { text } = splitNote(log.note(5))
const TIME = 1_679_315_147

// The example of the specification (C2SP tlog-cosignature), which publishes no key.
const PUBLISHED = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`

/** The specification word for word, with nothing of the code under test. */
function byHand(name: string, body: string, time: number) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const typed = Buffer.concat([Buffer.of(4), raw])
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4)
  const stamp = Buffer.alloc(8)
  stamp.writeUInt32BE(Math.floor(time / 2 ** 32), 0)
  stamp.writeUInt32BE(time % 2 ** 32, 4)
  const message = `cosignature/v1\ntime ${time}\n${body}`
  const signature = sign(null, Buffer.from(message), privateKey)
  const line = `— ${name} ${Buffer.concat([id, stamp, signature]).toString('base64')}\n`
  const verifierKey = `${name}+${id.toString('hex')}+${typed.toString('base64')}`
  return { privateKey, line, verifierKey }
}

describe('a cosignature', () => {
  test('is that of the specification, computed apart', () => {
    const hand = byHand('witness.example/w1', text, TIME)
    const own = cosigner('witness.example/w1', hand.privateKey)
    expect(own.verifierKey).toBe(hand.verifierKey)
    expect(own.cosign(text, TIME)).toBe(hand.line)
    const verifier = cosignatureVerifier(hand.verifierKey)
    expect(readCosignatures(hand.line, text, [verifier])).toEqual({
      good: [{ name: 'witness.example/w1', time: TIME, line: hand.line }],
      wrong: [],
    })
  })

  test('has the frame of the published example', () => {
    const { signatures } = splitNote(PUBLISHED)
    const [, cosignature] = signatures
    expect(cosignature?.keyId.toString('hex')).toBe('8d66cf3f')
    expect(cosignature?.signature).toHaveLength(72)
    expect(cosignature?.signature.readBigUInt64BE(0)).toBe(1_679_315_147n)
  })

  test('in a note leaves the signature of the log as it was', () => {
    const witness = testWitness()
    const note = appendLines(log.note(5), [witness.cosign(text, TIME)])
    const opened = openNote(note, [noteVerifier(log.verifierKey)])
    expect(opened.verified).toHaveLength(1)
    expect(opened.unverified.map(it => it.name)).toEqual([witness.name])
  })

  test('for another tree, at another time, changed in any bit or without a time counts for nothing', () => {
    const witness = testWitness()
    const verifier = cosignatureVerifier(witness.verifierKey)
    const blob = () => splitNote(`${text}\n${witness.cosign(text, TIME)}`).signatures[0]!.signature
    expect(verifier.verify(text, blob())).toBe(TIME)
    expect(verifier.verify(splitNote(log.note(6)).text, blob())).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(72 * 8 - 1), bit => {
        const changed = Buffer.from(blob())
        changed[bit >> 3]! ^= 1 << (bit & 7)
        return verifier.verify(text, changed) === undefined
      }),
      { numRuns: 40 },
    )
    const { good, wrong } = readCosignatures(witness.cosign(text, 0), text, [verifier])
    expect([good, wrong]).toEqual([[], [witness.name]])
  })

  test('by an unknown key is ignored, and a right one counts beside a wrong one', () => {
    const [known, stranger] = [testWitness(), testWitness('stranger.example')]
    const other = splitNote(log.note(6)).text
    const lines = [stranger.cosign(text, 1), known.cosign(other, 2), known.cosign(text, 3)].join('')
    const verifier = cosignatureVerifier(known.verifierKey)
    const { good, wrong } = readCosignatures(lines, text, [verifier])
    expect(good.map(it => it.time)).toEqual([3])
    expect(wrong).toEqual([])
  })

  test('a verifier key of another type, or with another id, is refused', () => {
    const { verifierKey, name } = testWitness()
    const [, id = '', ...rest] = verifierKey.split('+')
    const other = `${name}+${id === '00000000' ? '1' : '0'}${id.slice(1)}x+${rest.join('+')}`
    for (const key of [log.verifierKey, other, '', name])
      expect(() => cosignatureVerifier(key)).toThrow('verifier key of a witness')
  })
})

describe('a request to a witness', () => {
  test('is read as it was written', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(it => Buffer.from(it))
    fc.assert(
      fc.property(fc.nat(), fc.array(hash, { maxLength: 63 }), (old, proof) => {
        const request = { old, proof, note: log.note(3) }
        expect(parseAddCheckpoint(Buffer.from(formatAddCheckpoint(request)))).toEqual(request)
      }),
      { numRuns: 20 },
    )
  })

  const note = log.note(3)
  const hash = Buffer.alloc(32).toString('base64')
  test.each([
    ['nothing', ''],
    ['no old', `${hash}\n\n${note}`],
    ['a leading zero', `old 01\n\n${note}`],
    ['a sign', `old -1\n\n${note}`],
    ['too large a size', `old 99999999999999999\n\n${note}`],
    ['a short hash', `old 1\nAAAA\n\n${note}`],
    ['a hash that is not canonical', `old 1\n${hash.replace('A=', 'B=')}\n\n${note}`],
    ['64 hashes', `old 1\n${`${hash}\n`.repeat(64)}\n${note}`],
    ['a carriage return', `old 1\r\n\n${note}`],
    ['no empty line', 'old 1\n'],
    ['no UTF-8', Buffer.concat([Buffer.from('old 1\n\n'), Buffer.of(0xff, 0x0a)])],
  ])('is refused with %s', (_, body) => {
    expect(() => parseAddCheckpoint(Buffer.from(body))).toThrow('request to a witness')
  })

  test('a size has one form', () => {
    const texts = ['0', '50', '050', '', '-1', '1e3', '9007199254740993', ' 1']
    expect(texts.map(parseSize)).toEqual([0, 50, ...Array(6).fill(undefined)])
  })
})
