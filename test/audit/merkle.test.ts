import fc from 'fast-check'
import { AuditError } from '../../src/audit/errors.ts'
import {
  decompose,
  EMPTY_ROOT,
  Frontier,
  leafHash,
  nodeHash,
  type Range,
  rootOf,
} from '../../src/audit/merkle.ts'
import {
  assertConsistent,
  assertIncluded,
  consistencyRanges,
  inclusionRanges,
} from '../../src/audit/merkle-proof.ts'
import { naivePath, naiveProof, naiveRoot } from './support.ts'

// The reference tree of the certificate-transparency implementations: its leaves, the roots of its
// first 1 to 8 leaves, and proofs in it.
const ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(hex)
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const A = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7'
const B = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e'
const C = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'
const D = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b'
const E = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0'
const F = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a'
const INCLUSION: [index: number, size: number, proof: string[]][] = [
  [0, 1, []],
  [0, 8, [A, B, C]],
  [5, 8, [D, E, ROOTS[3]!]],
  [2, 3, [ROOTS[1]!]],
  [1, 5, [ROOTS[0]!, B, D]],
]
const CONSISTENCY: [from: number, to: number, proof: string[]][] = [
  [1, 1, []],
  [1, 8, [A, B, C]],
  [6, 8, [F, E, ROOTS[3]!]],
  [2, 5, [B, D]],
]

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

/** The hash of a range, computed from the entries themselves. */
const over = (entries: Uint8Array[]) => (range: Range) =>
  naiveRoot(entries.slice(range.start, range.end))

const someEntries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 130 })

describe('the published vectors of RFC 6962 trees', () => {
  test('the empty tree has the hash of nothing', () => {
    expect(EMPTY_ROOT.toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    expect(rootOf([])).toEqual(EMPTY_ROOT)
    expect(new Frontier().root()).toEqual(EMPTY_ROOT)
  })

  test.each(ROOTS.map((root, i) => [i + 1, root]))(
    'the root of the first %i entries',
    (size, root) => {
      const leaves = ENTRIES.slice(0, Number(size)).map(leafHash)
      expect(rootOf(leaves).toString('hex')).toBe(root)
      expect(naiveRoot(ENTRIES.slice(0, Number(size))).toString('hex')).toBe(root)
    },
  )

  test.each(INCLUSION)('the inclusion proof of entry %i in %i', (index, size, proof) => {
    const ranges = inclusionRanges(index, size)
    expect(ranges.map(over(ENTRIES)).map(hash => hash.toString('hex'))).toEqual(proof)
    const claim = {
      leaf: leafHash(ENTRIES[index]!),
      index,
      size,
      proof: proof.map(hex),
      root: hex(ROOTS[size - 1]!),
    }
    expect(() => assertIncluded(claim)).not.toThrow()
  })

  test.each(CONSISTENCY)('the consistency proof from %i to %i', (from, to, proof) => {
    expect(
      consistencyRanges(from, to)
        .map(over(ENTRIES))
        .map(hash => hash.toString('hex')),
    ).toEqual(proof)
    const claim = {
      from,
      to,
      proof: proof.map(hex),
      fromRoot: hex(ROOTS[from - 1]!),
      toRoot: hex(ROOTS[to - 1]!),
    }
    expect(() => assertConsistent(claim)).not.toThrow()
  })
})

describe('against the definition, word for word', () => {
  test('roots of any entries', () => {
    fc.assert(
      fc.property(someEntries, entries => {
        expect(rootOf(entries.map(leafHash))).toEqual(naiveRoot(entries))
      }),
    )
  })

  test('inclusion proofs are those of the definition, and only they are accepted', () => {
    fc.assert(
      fc.property(someEntries, fc.nat(), (entries, seed) => {
        const size = entries.length
        const index = seed % size
        const proof = inclusionRanges(index, size).map(over(entries))
        expect(proof).toEqual(naivePath(index, entries))
        const claim = {
          leaf: leafHash(entries[index]!),
          index,
          size,
          proof,
          root: naiveRoot(entries),
        }
        expect(() => assertIncluded(claim)).not.toThrow()
        for (const wrong of spoilInclusion(claim))
          expect(() => assertIncluded(wrong)).toThrow(AuditError)
      }),
    )
  })

  test('consistency proofs are those of the definition, and only they are accepted', () => {
    fc.assert(
      fc.property(someEntries, fc.nat(), (entries, seed) => {
        const to = entries.length
        const from = 1 + (seed % to)
        const proof = consistencyRanges(from, to).map(over(entries))
        expect(proof).toEqual(naiveProof(from, entries))
        const fromRoot = naiveRoot(entries.slice(0, from))
        const claim = { from, to, proof, fromRoot, toRoot: naiveRoot(entries) }
        expect(() => assertConsistent(claim)).not.toThrow()
        for (const wrong of spoilConsistency(claim))
          expect(() => assertConsistent(wrong)).toThrow(AuditError)
      }),
    )
  })

  function spoilInclusion(claim: Parameters<typeof assertIncluded>[0]) {
    const { proof, size, index } = claim
    return [
      { ...claim, leaf: flip(claim.leaf) },
      { ...claim, root: flip(claim.root) },
      { ...claim, proof: [...proof, claim.leaf] },
      { ...claim, index: size },
      { ...claim, index: -1 },
      { ...claim, index: index + 0.5 },
      ...proof.map((_, i) => ({ ...claim, proof: proof.with(i, flip(proof[i]!)) })),
      ...proof.map((_, i) => ({ ...claim, proof: proof.toSpliced(i, 1) })),
      ...proof.map((_, i) => ({ ...claim, proof: proof.with(i, proof[i]!.subarray(1)) })),
    ]
  }

  function spoilConsistency(claim: Parameters<typeof assertConsistent>[0]) {
    const { proof, from, to } = claim
    const roots = from === to ? [] : [{ ...claim, fromRoot: flip(claim.fromRoot) }]
    return [
      ...roots,
      { ...claim, toRoot: flip(claim.toRoot) },
      { ...claim, proof: [...proof, claim.toRoot] },
      { ...claim, from: to + 1 },
      { ...claim, from: -1 },
      ...proof.map((_, i) => ({ ...claim, proof: proof.with(i, flip(proof[i]!)) })),
      ...proof.map((_, i) => ({ ...claim, proof: proof.toSpliced(i, 1) })),
      ...proof.map((_, i) => ({
        ...claim,
        proof: proof.with(i, Buffer.concat([proof[i]!, Buffer.of(0)])),
      })),
    ]
  }

  function flip(hash: Uint8Array): Buffer {
    const copy = Buffer.from(hash)
    copy[copy.length - 1]! ^= 1
    return copy
  }
})

describe('the right edge of a growing tree', () => {
  test('continues from its stored subtrees as if it had never stopped', () => {
    fc.assert(
      fc.property(someEntries, fc.nat(), (entries, seed) => {
        const stop = seed % (entries.length + 1)
        const nodes = decompose({ start: 0, end: stop }).map(over(entries))
        const frontier = new Frontier(stop, nodes)
        for (const entry of entries.slice(stop)) frontier.append(leafHash(entry))
        expect(frontier.size).toBe(entries.length)
        expect(frontier.root()).toEqual(naiveRoot(entries))
      }),
    )
  })

  test('tells of every complete subtree once, and nothing else', () => {
    const entries = Array.from({ length: 21 }, (_, i) => Buffer.of(i))
    const seen = new Map<string, string>()
    const frontier = new Frontier()
    for (const entry of entries)
      frontier.append(leafHash(entry), (height, n, node) => {
        expect(seen.has(`${height}/${n}`)).toBe(false)
        seen.set(`${height}/${n}`, Buffer.from(node).toString('hex'))
      })
    expect(seen.size).toBe(21 + 10 + 5 + 2 + 1)
    for (const [place, node] of seen) {
      const [height, n] = place.split('/').map(Number) as [number, number]
      const part = entries.slice(n * 2 ** height, (n + 1) * 2 ** height)
      expect(node).toBe(naiveRoot(part).toString('hex'))
    }
  })

  test('a copy grows by itself', () => {
    const frontier = new Frontier()
    frontier.append(leafHash(Buffer.of(1)))
    const copy = frontier.clone()
    copy.append(leafHash(Buffer.of(2)))
    expect(frontier.root()).toEqual(naiveRoot([Buffer.of(1)]))
    expect(copy.root()).toEqual(naiveRoot([Buffer.of(1), Buffer.of(2)]))
  })

  test('refuses a wrong number of subtrees', () => {
    expect(() => new Frontier(3, [EMPTY_ROOT])).toThrow(AuditError)
  })
})

test('a leaf cannot be taken for a node', () => {
  const [left, right] = [leafHash(Buffer.of(1)), leafHash(Buffer.of(2))]
  expect(leafHash(Buffer.concat([left, right]))).not.toEqual(nodeHash(left, right))
})

test.each([
  [0, 0],
  [3, 3],
  [-1, 3],
  [0.5, 3],
])('there is no inclusion proof of entry %d in %d', (index, size) => {
  expect(() => inclusionRanges(index, size)).toThrow('not in a tree')
})

test('nothing is needed to grow from nothing, and nothing shrinks', () => {
  expect(consistencyRanges(0, 5)).toEqual([])
  expect(() => consistencyRanges(6, 5)).toThrow('does not begin')
  const claim = { from: 0, fromRoot: EMPTY_ROOT, to: 1, toRoot: leafHash(Buffer.of(1)), proof: [] }
  expect(() => assertConsistent(claim)).not.toThrow()
  expect(() => assertConsistent({ ...claim, proof: [EMPTY_ROOT] })).toThrow(AuditError)
})
