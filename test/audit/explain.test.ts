import { randomBytes } from 'node:crypto'
import { sealEntry } from '../../src/audit/entry.ts'
import { explainEntry } from '../../src/audit/explain.ts'
import { ENTRY_ACTIONS, type EntryDraft } from '../../src/audit/types.ts'
import { acceptedDraft } from './support.ts'

const names: Record<string, string> = { woonboog: 'Woonboog', vdab: 'VDAB' }
const explain = (draft: EntryDraft) =>
  explainEntry(sealEntry(draft, randomBytes).entry, id => names[id] ?? id)

test.each<[string, Partial<EntryDraft>]>([
  [
    'De gateway aanvaardde een detectievraag van Woonboog (900 aanvaard, 3 geweigerd).',
    { action: 'message.accepted' },
  ],
  [
    'De gateway weigerde een detectievraag van Woonboog (1 geweigerd), met code HB-304 (regel: art. 3).',
    { action: 'message.refused', code: 'HB-304', counts: { refused: 1 } },
  ],
  [
    'De gateway stuurt een detectievraag naar VDAB (1.000 items, 1 poging).',
    { action: 'message.forwarding', counts: { items: 1_000, attempts: 1 } },
  ],
  [
    'De gateway leverde een terugkoppeling over bereikbaarheid af bij Woonboog (1 item).',
    {
      action: 'message.delivered',
      message: { id: 'msg_1', type: 'feedback.reachability' },
      recipient: 'woonboog',
      counts: { items: 1 },
    },
  ],
  ['Woonboog sloot een periode af.', { action: 'period.closed', counts: {} }],
  [
    'Een functionaris voor gegevensbescherming bekeek bewijs in de console.',
    { action: 'console.viewed', actor: { role: 'privacy-officer' } },
  ],
  ['Protocol wm-vdab, versie 1.0.0 is nu in werking.', { action: 'protocol.in-force' }],
  ['De gateway is gestart.', { action: 'program.started', actor: { role: 'gateway' } }],
])('%s', (sentence, draft) => {
  expect(explain(acceptedDraft(3, draft))).toBe(sentence)
})

test.each(ENTRY_ACTIONS)(
  '%s is one plain sentence, with and without everything an entry may say',
  action => {
    const bare: EntryDraft = { action, at: new Date(0), actor: { role: 'gateway' } }
    for (const draft of [acceptedDraft(3, { action, code: 'HB-304', reason: 'a-reason' }), bare]) {
      const sentence = explain(draft)
      expect(sentence).toMatch(/^[A-ZÀ-Ý][^\n]*[^. ]\.$/)
      expect(sentence).not.toMatch(/undefined|\[object| {2}| ,|,,|\(\)/)
      expect(sentence.length).toBeLessThan(200)
    }
  },
)

test('no two kinds of entry read the same', () => {
  const sentences = ENTRY_ACTIONS.map(action => explain(acceptedDraft(3, { action })))
  expect(new Set(sentences).size).toBe(ENTRY_ACTIONS.length)
})

test('an entry of a later version is still named', () => {
  const { entry } = sealEntry(acceptedDraft(), randomBytes)
  const later = { ...entry, action: 'person.looked-up' as never }
  expect(explainEntry(later)).toBe('De gateway legde "person.looked-up" vast.')
  expect(explainEntry({ ...entry, actor: { role: 'robot' }, action: 'access.token' })).toBe(
    'Robot kreeg voor korte tijd toegang.',
  )
})
