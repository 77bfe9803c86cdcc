import { PartyStore } from '../../access/party.ts'
import { readProcessConfig } from '../../config.ts'
import { findEmbedded } from '../../db/embedded.ts'
import { jwksFetcher, openOutbound } from '../../delivery/outbound.ts'
import { ProtocolStatements } from '../../exchange/protocol-statements.ts'
import { assemble, loadProtocols, type ProtocolSet, readProtocols } from '../../protocol/load.ts'
import type { Open, Opened } from '../party.ts'
import { open as openFolder } from './report.ts'

/** The documents, with what the database knows of them where it can be reached. */
export interface Checked {
  set: ProtocolSet
  /** Whether signatures were verified; if not, none of them counts in `set`. */
  checked: boolean
}

/** What a command says on stderr where signatures could not be checked. */
export const UNCHECKED =
  'note: the database cannot be reached, so no signature was checked and none counts here\n'

/**
 * Opens the documents and verifies their signatures, where there is a database: one that is named,
 * or that of a program which runs on the data folder. No database is started for it.
 */
export async function openChecked(openStore: Open, now: Date): Promise<Checked> {
  const config = readProcessConfig()
  const plain = openFolder()
  if (!config.databaseUrl && !findEmbedded(config.dataDir)) return { set: plain, checked: false }
  const store = await openStore().catch(() => undefined)
  if (!store) return { set: plain, checked: false }
  try {
    return { set: await checkedSet(store, now, plain), checked: true }
  } catch {
    return { set: plain, checked: false }
  } finally {
    await store.close()
  }
}

/**
 * The documents of the folder with what an open database knows of them.
 * @param plain the documents as they are on disk, where they were read before
 */
export async function checkedSet(
  store: Opened,
  now: Date,
  plain: ProtocolSet = loadProtocols(store.config.protocolsDir),
): Promise<ProtocolSet> {
  const { pool, keys, log, config } = store
  const { allowLoopback } = config
  const outbound = openOutbound(config, { log })
  try {
    const fetchJwks = jwksFetcher(outbound)
    const parties = new PartyStore({ pool, keys, log, fetchJwks, allowLoopback })
    const known = new ProtocolStatements({ pool, parties, clock: () => now })
    const [statements, suspensions] = [await known.statements(plain), await known.suspensions()]
    return assemble(readProtocols(config.protocolsDir), now, { ...statements, suspensions })
  } finally {
    await outbound.close()
  }
}
