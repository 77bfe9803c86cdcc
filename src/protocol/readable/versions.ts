import type { Queryable } from '../../db/pool.ts'
import { compareVersionNumbers, type Protocol } from '../document.ts'
import type { ProtocolSet } from '../load.ts'

/** A document that is in the folder, or that the gateway saw there once. */
export interface KnownVersion {
  id: string
  version: string
  digest: string
  document: Protocol
}

/**
 * Every version of a protocol that is known, the oldest first: those of the folder, and those that the
 * gateway has ever executed or refused to (table protocol_version), which stay when a file is replaced.
 */
export async function knownVersions(
  db: Queryable,
  set: ProtocolSet,
  id: string,
): Promise<KnownVersion[]> {
  const here = (set.versions.get(id) ?? []).map(
    ({ version, digest, document }): KnownVersion => ({ id, version, digest, document }),
  )
  const { rows } = await db.query<KnownVersion>(
    'SELECT id, version, digest, document FROM protocol_version WHERE id = $1 ORDER BY seen_at',
    [id],
  )
  const gone = rows.filter(({ digest }) => !here.some(one => one.digest === digest))
  return [...gone, ...here].toSorted((one, other) =>
    compareVersionNumbers(one.version, other.version),
  )
}

/** The version that another names as superseded, or else the one before it; undefined for the first. */
export function earlierThan(
  versions: readonly KnownVersion[],
  { version, digest, document }: KnownVersion,
): KnownVersion | undefined {
  const named = versions.findLast(
    one => one.version === document.supersedes && one.digest !== digest,
  )
  if (named) return named
  const index = versions.findIndex(one => one.digest === digest)
  const before = index < 0 ? versions : versions.slice(0, index)
  return before.findLast(one => compareVersionNumbers(one.version, version) <= 0)
}

/** A version by its number, the latest text of it; or by its digest. */
export function versionNamed(
  versions: readonly KnownVersion[],
  name: string,
): KnownVersion | undefined {
  return versions.findLast(({ version, digest }) => version === name || digest === name)
}
