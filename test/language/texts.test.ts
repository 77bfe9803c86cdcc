import { inLanguage } from '../../src/console/language.ts'
import { en } from '../../src/console/texts/en.ts'
import { enWords } from '../../src/console/texts/en-words.ts'
import { texts } from '../../src/console/texts/index.ts'
import { nl } from '../../src/console/texts/nl.ts'
import { nlWords } from '../../src/console/texts/nl-words.ts'
import { words } from '../../src/console/texts/words.ts'
import { leavesOf } from './leaves.ts'

// The same word in both languages; whoever adds one has looked at it.
const SAME = new Set(
  `console Protocol protocol Code Filters Items items item auditor Type In msg_… Register open Open
  Contact Extra huisbrugconsolelink alarm Was Excel(XLSX) privacy Webhook webhook Huisbrug Node.js
  PostgreSQL`.split(/\s+/),
)

const dutch = leavesOf({ nl, words: nlWords })
const english = leavesOf({ nl: en, words: enWords })

test('every text is there in both languages, in the same place', () => {
  expect([...english.keys()].sort()).toEqual([...dutch.keys()].sort())
  expect(dutch.size).toBeGreaterThan(600)
})

test('no text was left in Dutch', () => {
  const left = [...dutch].filter(
    ([place, text]) =>
      /[a-z]{2}/.test(text) && english.get(place) === text && !SAME.has(text.replaceAll(/\s/g, '')),
  )
  expect(left).toEqual([])
})

test('words follow the language of the page, also after waiting', async () => {
  const told = async () => {
    await new Promise(resolve => setTimeout(resolve, 1))
    return [texts().lang, words.states.parked, texts().overview.title]
  }
  const both = await Promise.all([inLanguage('en', told), inLanguage('nl', told), told()])
  const inDutch = ['nl', 'geparkeerd', 'Overzicht']
  expect(both).toEqual([['en', 'parked', 'Overview'], inDutch, inDutch])
})
