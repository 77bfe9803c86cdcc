import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { kindsOf, sampleEntry } from '../../scripts/generate/evidence.ts'
import { hasWord } from '../../src/audit/explain.ts'
import { recordEntry } from '../../src/audit/record.ts'
import { type AuditEntry, ENTRY_ACTIONS, type EntryAction } from '../../src/audit/types.ts'
import { createAjv, readSchema } from '../../src/schemas.ts'
import { testDatabase } from '../support/database.ts'
import { misfitsOf } from '../support/evidence.ts'

const schema = readSchema('audit-entry')
const kinds = kindsOf(schema)
const fits = createAjv().getSchema<AuditEntry>(schema.$id as string)!

/** Kinds that nothing writes, or that tests show without naming them. */
const NOT_SHOWN: Partial<Record<EntryAction, string>> = {
  'subject.searched': 'test/subject reads it in the words of the person',
  'subject.released': 'test/subject lifts restrictions, and each gateway checks its entries',
  'key.moved': 'test/evaluator looks at the keys themselves, before and after',
  'feedback.progress': 'a report of progress is a message of its own: message.accepted',
  'tenancy.ended': 'that tenancies ended is a message of its own: message.accepted',
}

/** All TypeScript below a folder, but for what lists every kind. */
function textOf(folder: string, without: RegExp): string {
  const root = fileURLToPath(new URL(`../../${folder}/`, import.meta.url))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return files
    .filter(file => file.endsWith('.ts') && !without.test(file))
    .map(file => readFileSync(`${root}${file}`, 'utf8'))
    .join('\n')
}

test('there is one form for each kind, in the order of the list', () => {
  expect(kinds.map(({ action }) => action)).toEqual([...ENTRY_ACTIONS])
})

test('a kind has what it must and nothing that it may not', () => {
  const members = Object.keys(schema['properties']).filter(name => name !== 'action')
  for (const kind of kinds) {
    const whole = sampleEntry(kind, schema)
    expect([kind.action, fits(whole), fits.errors]).toEqual([kind.action, true, null])
    for (const name of ['id', 'at', 'actor', ...kind.always]) {
      const { [name as keyof AuditEntry]: _, ...less } = whole
      expect([kind.action, name, fits(less)]).toEqual([kind.action, name, false])
    }
    const most = { ...schema['examples'][0], code: 'HB-304', reason: 'x', details: 'x' }
    for (const name of members.filter(it => !(it in whole))) {
      const value = name === 'details' ? whole.id.repeat(2).slice(0, 43) : most[name]
      expect([kind.action, name, fits({ ...whole, [name]: value })]).toEqual([
        kind.action,
        name,
        false,
      ])
    }
    if (kind.counts) expect(fits({ ...whole, counts: { somethingElse: 1 } })).toBe(false)
  }
})

test('every kind is written by the code and named by a test, or it says why not', () => {
  const src = textOf(
    'src',
    /schemas\.generated|audit\/(types|explain)|console\/texts|console\/tone/,
  )
  const tests = textOf('test', /evidence-kinds\/kinds/)
  const isWritten = (action: EntryAction) =>
    src.includes(`'${action}'`) || src.includes(`\`${action.split('.')[0]}.\${`)
  const shown = kinds.map(({ action }) => action).filter(action => !NOT_SHOWN[action])
  expect(shown.filter(action => !isWritten(action))).toEqual([])
  expect(shown.filter(action => !tests.includes(action))).toEqual([])
})

test('every number that a kind may have has a Dutch word', () => {
  const names = new Set(kinds.flatMap(({ counts = [] }) => counts))
  const bare = [...names].filter(name => !hasWord(name))
  expect(bare).toEqual([])
})

test('what is not of its kind in a database is found and named, without its value', async () => {
  const db = await testDatabase({ max: 2 })
  try {
    const entry = { at: new Date(), actor: { role: 'gateway' } }
    await recordEntry(db.pool, {
      ...entry,
      action: 'period.closed',
      details: { period: '2026-11' },
    })
    expect(await misfitsOf(db.pool)).toEqual([])
    await recordEntry(db.pool, { ...entry, action: 'period.closed', reason: 'secret' })
    await recordEntry(db.pool, { ...entry, action: 'party.disabled', details: { secret: 1 } })
    expect((await misfitsOf(db.pool)).sort()).toEqual([
      'party.disabled: detail secret is not listed',
      'period.closed: must NOT have unevaluated properties reason',
      "period.closed: must have required property 'details' details",
    ])
  } finally {
    await db.close()
  }
})
