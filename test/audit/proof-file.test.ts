import fc from 'fast-check'
import { signCheckpoint } from '../../src/audit/checkpoint.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import {
  formatProof,
  type InclusionProof,
  parseProof,
  verifyProof,
} from '../../src/audit/proof-file.ts'
import { naivePath, naiveRoot, sha256, testSigner } from './support.ts'

const signer = testSigner()
const verifier = noteVerifier(signer.verifierKey)
const entries = Array.from({ length: 11 }, (_, i) => Buffer.from(`entry ${i}`))
const checkpoint = signCheckpoint(signer, entries.length, naiveRoot(entries))

function proofOf(index: number): InclusionProof {
  return { index, hashes: naivePath(index, entries), checkpoint }
}

test('the text is that of the specification', () => {
  const [first, second] = [sha256(Buffer.of(1)), sha256(Buffer.of(2))]
  const text = formatProof({
    index: 3,
    hashes: [first, second],
    checkpoint,
    extra: Buffer.from('abc'),
  })
  expect(text).toBe(
    `c2sp.org/tlog-proof@v1\nextra YWJj\nindex 3\n${first.toString('base64')}\n${second.toString('base64')}\n\n${checkpoint}`,
  )
})

test('the example of the specification is read, its shortened checkpoint left for later', () => {
  const example = `c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJw[...]1roloI=
`
  const proof = parseProof(example)
  expect(proof.index).toBe(73894)
  expect(proof.hashes).toHaveLength(5)
  expect(proof.checkpoint.startsWith('example.com/fancylog\n109482\n')).toBe(true)
})

test('every entry of the log is proven, offline, with the key alone', () => {
  entries.forEach((entry, index) => {
    expect(verifyProof(formatProof(proofOf(index)), entry, verifier).size).toBe(11)
  })
})

test('there and back, with and without extra data', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes))
  const extra = fc.option(
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
    { nil: undefined },
  )
  fc.assert(
    fc.property(fc.nat(), fc.array(hash, { maxLength: 63 }), extra, (index, hashes, extra) => {
      const proof = { index, hashes, checkpoint, ...(extra && { extra }) }
      expect(parseProof(formatProof(proof))).toEqual(proof)
    }),
  )
})

test('another entry, place, hash or checkpoint is not proven', () => {
  const wrong: [string, Buffer][] = [
    [formatProof(proofOf(4)), entries[5]!],
    [formatProof({ ...proofOf(4), index: 5 }), entries[4]!],
    [formatProof({ ...proofOf(4), hashes: proofOf(5).hashes }), entries[4]!],
    [formatProof({ ...proofOf(4), hashes: [] }), entries[4]!],
    [formatProof({ ...proofOf(4), index: 11 }), entries[4]!],
  ]
  for (const [text, entry] of wrong)
    expect(() => verifyProof(text, entry, verifier)).toThrow('does not fit')
  const forged = signCheckpoint(testSigner(), 11, naiveRoot(entries))
  expect(() =>
    verifyProof(formatProof({ ...proofOf(4), checkpoint: forged }), entries[4]!, verifier),
  ).toThrow('known key')
})

test.each([
  ['another first line', (text: string) => text.replace('v1', 'v2')],
  ['no index', (text: string) => text.replace(/index \d+\n/, '')],
  ['a leading zero', (text: string) => text.replace('index 4', 'index 04')],
  ['a short hash', (text: string) => text.replace(/\n[^\n]{44}\n/, '\nAAAA\n')],
  [
    'a hash too many',
    (text: string) => text.replace('\n\n', `${`\n${sha256().toString('base64')}`.repeat(63)}\n\n`),
  ],
  ['bad extra data', (text: string) => text.replace('index', 'extra *\nindex')],
  ['no checkpoint', (text: string) => text.slice(0, text.indexOf('\n\n'))],
])('a proof with %s is refused', (_, spoil) => {
  const text = formatProof(proofOf(4))
  expect(spoil(text)).not.toBe(text)
  expect(() => parseProof(spoil(text))).toThrow('not a tlog-proof')
})
