import { MAX_BATCH } from '../sheet/send.ts'
import type { RequestHead } from '../sheet/sending-book.ts'
import type { DetectOptions } from './detect.ts'
import type { Partner } from './partner-run.ts'

/** What a protocol says of detection requests. */
export type Agreement = Omit<RequestHead, 'referenceDate'> & { maxTenants: number }

const TYPE = 'detection.request'

/** The members of a protocol document that count here; it comes from the gateway. */
interface Document {
  protocolId?: string
  messageTypes?: { type: string; enabled?: boolean; purposes?: string[]; targetGroups?: string[] }[]
  dataSubjects?: { targetGroup?: { id: string; version: string } }[]
  periodicity?: { ceilings?: { perMessage?: number } }
}

/**
 * The protocol, purpose and target group to name in requests: as the options say, or else as the
 * protocol document has them.
 * @throws Error where the protocol does not know detection requests, or more than one does and none is named
 */
export async function agreementOf(
  { client, profile }: Partner,
  options: Pick<DetectOptions, 'protocol' | 'purpose' | 'targetGroup'>,
): Promise<Agreement> {
  const read = async (id: string) => (await client.protocol(id)) as Document
  const named = options.protocol ?? profile.protocol
  const document = named ? await read(named) : await onlyOne(client, read)
  const protocol = document.protocolId ?? named ?? ''
  const type = typeIn(document)
  if (!type) throw new Error(`the protocol ${protocol} knows no detection requests`)
  const purpose = options.purpose ?? type.purposes?.[0]
  const targetGroup = options.targetGroup ?? groupOf(document, type.targetGroups)
  if (!purpose || !targetGroup)
    throw new Error(
      `the protocol ${protocol} names no purpose or target group: give --purpose and --target-group`,
    )
  const maxTenants = Math.min(document.periodicity?.ceilings?.perMessage ?? MAX_BATCH, MAX_BATCH)
  return { protocol, purpose, targetGroup, maxTenants }
}

async function onlyOne(
  client: Partner['client'],
  read: (id: string) => Promise<Document>,
): Promise<Document> {
  const { items } = await client.protocols()
  const ids = items.filter(({ kind }) => kind !== 'accession').map(({ protocolId }) => protocolId)
  const documents = await Promise.all(ids.map(read))
  const fitting = documents.filter(document => typeIn(document))
  const [first, second] = fitting
  if (first && !second) return first
  const names = fitting.map(({ protocolId }) => protocolId).join(', ')
  throw new Error(
    first ? `name the protocol with --protocol: ${names}` : 'no protocol knows detection requests',
  )
}

function typeIn({ messageTypes = [] }: Document) {
  return messageTypes.find(({ type, enabled }) => type === TYPE && enabled !== false)
}

function groupOf({ dataSubjects = [] }: Document, names: string[] = []) {
  const groups = dataSubjects.flatMap(({ targetGroup }) => targetGroup ?? [])
  const group = groups.find(({ id }) => names.includes(id)) ?? groups[0]
  return group && { id: group.id, version: group.version }
}
