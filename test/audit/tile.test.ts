import fc from 'fast-check'
import { AuditError } from '../../src/audit/errors.ts'
import { Frontier, leafHash, type Range } from '../../src/audit/merkle.ts'
import { consistencyRanges, inclusionRanges } from '../../src/audit/merkle-proof.ts'
import {
  frontierOf,
  hashOfRange,
  partialTiles,
  type Tile,
  type TileCoordinate,
  type TileLookup,
  TileWriter,
  tilesOf,
  tileWidth,
} from '../../src/audit/tile.ts'
import { decodeBundle, encodeBundle, parseTilePath, tilePath } from '../../src/audit/tile-path.ts'
import { naiveRoot, sha256 } from './support.ts'

const entries = Array.from({ length: 70_000 }, (_, i) => Buffer.from(`entry ${i}`))
const leaves = entries.map(leafHash)

/** Grows a tree in steps and keeps every tile it writes. */
function grow(...sizes: number[]) {
  const stored = new Map<string, Uint8Array>()
  const lookup: TileLookup = ({ level, n }) => stored.get(`${level}/${n}`)
  const writer = new TileWriter()
  const frontier = new Frontier()
  for (const size of sizes) {
    while (frontier.size < size) frontier.append(leaves[frontier.size]!, writer.listener)
    for (const { level, n, hashes } of writer.take()) stored.set(`${level}/${n}`, hashes)
  }
  return { stored, lookup, frontier }
}

// Comparing half a million hashes byte by byte in the test framework takes seconds.
function digest(stored: Map<string, Uint8Array>): string {
  const sorted = [...stored].sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(
    ...sorted.flatMap(([place, hashes]) => [Buffer.from(`${place} `), hashes]),
  ).toString('hex')
}

describe('tiles of a tree', () => {
  test('of 70,000 entries are those of the example in the specification', () => {
    const { stored } = grow(70_000)
    const width = (tile: TileCoordinate) =>
      (stored.get(`${tile.level}/${tile.n}`)?.length ?? 0) / 32
    const full = [...stored].filter(
      ([place, hashes]) => place.startsWith('0/') && hashes.length === 8192,
    )
    expect(full).toHaveLength(273)
    expect(width({ level: 0, n: 273 })).toBe(112)
    expect(width({ level: 1, n: 0 })).toBe(256)
    expect(width({ level: 1, n: 1 })).toBe(17)
    expect(width({ level: 2, n: 0 })).toBe(1)
    expect(stored.size).toBe(273 + 1 + 1 + 1 + 1)
    expect(partialTiles(70_000)).toEqual([
      { level: 0, n: 273 },
      { level: 1, n: 1 },
      { level: 2, n: 0 },
    ])
  })

  test('of 256 entries are a full one and one of a single hash above it', () => {
    const { stored } = grow(256)
    expect([...stored.keys()]).toEqual(['0/0', '1/0'])
    expect(stored.get('1/0')).toEqual(naiveRoot(entries.slice(0, 256)))
    expect(partialTiles(256)).toEqual([{ level: 1, n: 0 }])
  })

  test('have the width that the size says', () => {
    expect(tileWidth({ level: 0, n: 273 }, 70_000)).toBe(112)
    expect(tileWidth({ level: 0, n: 5 }, 70_000)).toBe(256)
    expect(tileWidth({ level: 0, n: 274 }, 70_000)).toBe(0)
    expect(tileWidth({ level: 1, n: 1 }, 70_000)).toBe(17)
  })

  test('are the same in whatever steps the tree grew', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(sizes, steps => {
        const sorted = [...steps].sort((a, b) => a - b)
        expect(digest(grow(...sorted).stored)).toBe(digest(grow(sorted.at(-1)!).stored))
      }),
      { numRuns: 20 },
    )
  })

  test('carry the right edge over a restart', () => {
    for (const size of [0, 1, 255, 256, 257, 511, 65_535, 65_536, 65_537]) {
      const { stored, frontier } = grow(size)
      const needed = partialTiles(size).map(
        ({ level, n }): Tile => ({ level, n, hashes: stored.get(`${level}/${n}`)! }),
      )
      const onlyThese: TileLookup = at =>
        needed.find(tile => tile.level === at.level && tile.n === at.n)?.hashes
      const again = frontierOf(size, onlyThese)
      expect(again.root()).toEqual(frontier.root())
      const writer = new TileWriter(needed)
      for (let i = size; i < size + 300; i++) again.append(leaves[i]!, writer.listener)
      for (const tile of writer.take()) stored.set(`${tile.level}/${tile.n}`, tile.hashes)
      expect(digest(stored)).toBe(digest(grow(size + 300).stored))
    }
  })

  test('give every hash that a proof needs, from a tree that has grown on', () => {
    const { lookup } = grow(700, 1_000)
    const size = fc.integer({ min: 1, max: 1_000 })
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        for (const range of [...inclusionRanges(from - 1, to), ...consistencyRanges(from, to)])
          expect(hashOfRange(range, onlyOf(range, lookup))).toEqual(
            naiveRoot(entries.slice(range.start, range.end)),
          )
      }),
      { numRuns: 60 },
    )
  })

  function onlyOf(range: Range, lookup: TileLookup): TileLookup {
    const needed = new Set(tilesOf(range).map(({ level, n }) => `${level}/${n}`))
    return at => (needed.has(`${at.level}/${at.n}`) ? lookup(at) : undefined)
  }

  test('that are missing or too narrow are an error, not a wrong hash', () => {
    const { lookup } = grow(100)
    expect(() => hashOfRange({ start: 96, end: 101 }, lookup)).toThrow(AuditError)
    expect(() => hashOfRange({ start: 0, end: 64 }, () => undefined)).toThrow(
      'missing or too narrow',
    )
    const writer = new TileWriter()
    expect(() => writer.listener(0, 3, leaves[3]!)).toThrow('is not 3 wide')
  })
})

describe('paths of tiles', () => {
  test.each([
    [{ level: 0, n: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, n: 999, width: 1 }, 'tile/1/999.p/1'],
    [{ level: 0, n: 1_000, width: 256 }, 'tile/0/x001/000'],
    [{ level: 0, n: 1_234_067, width: 255 }, 'tile/0/x001/x234/067.p/255'],
    [{ level: 'entries' as const, n: 1_234_067, width: 256 }, 'tile/entries/x001/x234/067'],
  ])('%j is %s', (name, path) => {
    expect(tilePath(name)).toBe(path)
    expect(parseTilePath(path)).toEqual(name)
  })

  test.each([
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/7/000',
    'tile/-1/000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/1/',
    '/tile/0/000',
    'tile/entry/000',
    'tile/0/000\n',
    `tile/0/${'x999/'.repeat(8)}999`,
    '',
  ])('%j is no path of a tile', path => {
    expect(parseTilePath(path)).toBeUndefined()
  })

  test('there and back for any tile', () => {
    const level = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant('entries' as const))
    fc.assert(
      fc.property(level, fc.nat(), fc.integer({ min: 1, max: 256 }), (level, n, width) => {
        expect(parseTilePath(tilePath({ level, n, width }))).toEqual({ level, n, width })
      }),
    )
  })
})

describe('entry bundles', () => {
  test('hold each entry after its length, big-endian', () => {
    expect(
      encodeBundle([Buffer.from('ab'), Buffer.alloc(258, 1)])
        .subarray(0, 6)
        .toString('hex'),
    ).toBe('000261620102')
  })

  test('there and back for any entries', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), some => {
        const bundle = encodeBundle(some)
        expect(decodeBundle(bundle).map(entry => [...entry])).toEqual(some.map(entry => [...entry]))
      }),
    )
  })

  test('take an entry of 65,535 bytes and no longer one', () => {
    const longest = Buffer.alloc(65_535, 1)
    expect(decodeBundle(encodeBundle([longest]))).toEqual([longest])
    expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow(AuditError)
  })

  test.each(['00', '0002', '000261', '00026162ff'])('%s is cut off', bundle => {
    expect(() => decodeBundle(Buffer.from(bundle, 'hex'))).toThrow('ends within an entry')
  })
})
