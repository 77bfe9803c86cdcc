import type { Contact } from '../access/contacts.ts'
import type { EndingKeys } from '../access/party-key-use.ts'
import type { KeyView, Party, PartyView } from '../access/party-types.ts'

type Fact = readonly [string, string]

/** What `party show` tells of a party, one fact a line. */
export function describeParty(view: PartyView): Fact[] {
  const { party, keys, webhook } = view
  const facts: [string, string | undefined][] = [
    ['name', party.name],
    ['kind', party.kind],
    ['KBO', party.kbo],
    ['state', stateOf(party)],
    ['key set', party.jwksUrl],
    ...keys.map((key): [string, string] => ['key', describeKey(key)]),
    ...party.contacts.map((contact): [string, string] => ['contact', describeContact(contact)]),
    ['base URL', party.baseUrl],
    ['token URL', party.tokenUrl],
    ['networks', party.networks.join(', ') || undefined],
    ['retries', party.retries && describeRetries(party)],
    ['webhook', webhook?.url],
    ['events', webhook?.events?.join(', ')],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
}

function describeKey({ kid, use, algorithms, since, lastUsed, until }: KeyView): string {
  return [
    kid,
    use === 'enc' ? 'encryption' : 'signing',
    algorithms.join(', '),
    ...(since ? [`since ${minute(since)}`] : []),
    lastUsed ? `last used ${minute(lastUsed)}` : 'never used',
    ...(until ? [`until ${until.toISOString()}`] : []),
  ].join('  ')
}

function describeContact({ role, name, email, phone }: Contact): string {
  return `${role}: ${[name, email, phone].filter(Boolean).join(', ')}`
}

// Uses are kept to the minute.
function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16)}Z`
}

/** When hand-overs to a party are tried again, for people. */
export function describeRetries({ retries }: Party): string {
  if (!retries) return 'usual'
  const { firstSeconds, tries, hours } = retries
  return `${tries} tries over ${hours} hours, the second after ${firstSeconds} s`
}

/** All parties as a table. */
export function describeParties(
  parties: readonly Party[],
  ending: readonly EndingKeys[],
): string[] {
  const rows = parties.map(party => {
    const ends = ending.find(it => it.party === party.id)
    const keys = ends ? `end ${ends.at.toISOString().slice(0, 10)}` : ''
    return [party.id, party.kind, party.kbo, stateOf(party), keys, party.name]
  })
  const table = [['id', 'kind', 'KBO', 'state', 'keys', 'name'], ...rows]
  return toTable(rows.some(row => row[4]) ? table : table.map(row => row.toSpliced(4, 1)))
}

/** A sentence for each party that needs new keys soon. */
export function warnOfEnding(ending: readonly EndingKeys[], now: Date): string[] {
  return ending.map(({ party, use, at }) => {
    const what = use === 'enc' ? 'encryption keys' : 'keys'
    const how = at <= now ? 'ended' : 'end'
    return `the ${what} of ${party} ${how} at ${at.toISOString()}: see party rotate`
  })
}

function stateOf(party: Party): string {
  return party.disabledAt ? `disabled since ${party.disabledAt.toISOString()}` : 'active'
}

export function toPartyJson(party: Party): object {
  const { jwks, ...rest } = party
  return rest
}

export function toViewJson(view: PartyView): object {
  return { ...toPartyJson(view.party), keys: view.keys, webhook: view.webhook }
}

export function toLines(facts: readonly Fact[]): string[] {
  return toTable(facts).map(line => `  ${line}`)
}

function toTable(rows: readonly (readonly string[])[]): string[] {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
