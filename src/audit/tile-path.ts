import { AuditError } from './errors.ts'
import { TILE_WIDTH } from './tile.ts'

/** What a path under the log's prefix names: a hash tile, or a bundle of entries. */
export interface TileName {
  level: number | 'entries'
  n: number
  /** 1 to 256; below 256 for a partial tile. */
  width: number
}

const MAX_ENTRY_BYTES = 0xffff
const PATH = /^tile\/(entries|[0-6])((?:\/x\d{3})*)\/(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/**
 * The path of a tile under the log's prefix (C2SP tlog-tiles), such as `tile/0/x001/x234/067.p/5`.
 */
export function tilePath({ level, n, width }: TileName): string {
  const groups = [String(n % 1000).padStart(3, '0')]
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  const partial = width < TILE_WIDTH ? `.p/${width}` : ''
  return `tile/${level}/${groups.join('/')}${partial}`
}

/** What a path names, or undefined where it is not the one path of a tile. `path` is untrusted. */
export function parseTilePath(path: string): TileName | undefined {
  const match = path.length <= 64 ? PATH.exec(path) : null
  if (!match) return undefined
  const [, level, high, low, width] = match
  const name: TileName = {
    level: level === 'entries' ? level : Number(level),
    n: Number(`${high!.replaceAll('/x', '')}${low}`),
    width: width === undefined ? TILE_WIDTH : Number(width),
  }
  return Number.isSafeInteger(name.n) && tilePath(name) === path ? name : undefined
}

/** An entry bundle: each entry after its length as a big-endian 16-bit number. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(entries.flatMap(entry => [lengthOf(entry), entry]))
}

/**
 * The entries of a bundle. `bundle` is untrusted.
 * @throws AuditError `entry-malformed` where it ends within an entry
 */
export function decodeBundle(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = []
  for (let at = 0; at < bundle.length; ) {
    const end =
      at + 2 <= bundle.length ? at + 2 + bundle.readUInt16BE(at) : Number.POSITIVE_INFINITY
    if (end > bundle.length)
      throw new AuditError('entry-malformed', 'the bundle ends within an entry')
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries
}

function lengthOf(entry: Uint8Array): Buffer {
  if (entry.length > MAX_ENTRY_BYTES)
    throw new AuditError('entry-too-large', `an entry holds at most ${MAX_ENTRY_BYTES} bytes`)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(entry.length)
  return length
}
