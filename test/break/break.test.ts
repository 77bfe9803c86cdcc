import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bareEnvironment } from '../support/bare-environment.ts'
import { Books } from './books.ts'
import { compareBooks } from './check.ts'

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url))
const MINUTES = '0.5'

/** The program as `npm run test:break` runs it; its figures, and what it said. */
async function breakFor(...args: string[]) {
  const words = ['--no-warnings', PROGRAM, '--json', ...args]
  const child = spawn(process.execPath, words, { env: { ...bareEnvironment() } })
  let out = ''
  let said = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  return { code, said, figures: JSON.parse(out.trim().split('\n').at(-1) || '{}') }
}

test(
  'several processes of each role, killed, stopped and cut off under load, lose and double nothing',
  async () => {
    const { code, said, figures } = await breakFor('--minutes', MINUTES)
    const wrong = said.split('\n').filter(line => /WRONG|Error|seed/.test(line))
    process.stderr.write(`${wrong.join('\n')}\n${JSON.stringify(figures)}\n`)
    expect({ code, wrong: figures.wrong, said: code === 0 ? '' : said }).toEqual({
      ...{ code: 0, wrong: 0, said: '' },
    })
    // It broke much, and much moved meanwhile.
    expect(figures.faultsDone).toBeGreaterThan(10)
    expect(figures.messages).toBeGreaterThan(100)
    expect(figures.repeatedCalls).toBeGreaterThan(10)
  },
  10 * 60_000,
)

describe('what is compared at the end', () => {
  const PERSONS = [0, 1, 2]
  const good = () => {
    const books = new Books(() => 0.5)
    books.receipts.set('msg_1', { type: 'detection.request', accepted: 3, at: 0 })
    books.named.set('msg_1', { company: 'woonboog', persons: PERSONS })
    books.requests.set('msg_1', { rows: 3, persons: [2, 1, 0], at: 1 })
    books.fedBack.push(0)
    books.ended.push(1)
    books.endings.set('del_1', { persons: [1], at: 1 })
    books.progressed.push('fb_1.taken-up', 'fb_1.closed')
    put(books, 'del_2', 'feedback.reachability', { tenantRef: 'tenant-0', feedbackId: 'fb_1' })
    put(books, 'del_3', 'detection.answered', { tenants: 3 })
    return books
  }
  const put = (books: Books, id: string, type: string, data: object, company = 'woonboog') => {
    const event = { id, type: `be.huisbrug.${type}`, data: data as Record<string, unknown>, at: 1 }
    const own = books.events.get(company as 'woonboog')
    own?.set(id, event as Parameters<typeof own.set>[1])
  }

  test('good books are good', () => {
    expect(compareBooks(good())).toEqual([])
  })

  test.each<[string, (books: Books) => unknown]>([
    ['a request that never came', books => books.requests.delete('msg_1')],
    ['a row too few', books => books.requests.set('msg_1', { rows: 2, persons: [2, 1, 0], at: 1 })],
    [
      'another person',
      books => books.requests.set('msg_1', { rows: 3, persons: [3, 1, 0], at: 1 }),
    ],
    [
      'a request twice',
      books => books.requests.set('msg_2', { rows: 3, persons: [2, 1, 0], at: 1 }),
    ],
    [
      'an item that was not accepted',
      books => books.named.set('msg_1', { company: 'woonboog', persons: [0, 1] }),
    ],
    ['feedback that never came', books => books.events.get('woonboog')?.delete('del_2')],
    [
      'feedback under two ids',
      books =>
        put(books, 'del_9', 'feedback.reachability', { tenantRef: 'tenant-0', feedbackId: 'fb_1' }),
    ],
    [
      'feedback at another company',
      books => {
        books.events.get('woonboog')?.delete('del_2')
        put(
          books,
          'del_2',
          'feedback.reachability',
          { tenantRef: 'tenant-0', feedbackId: 'fb_1' },
          'leefgoed',
        )
      },
    ],
    ['progress that was not taken', books => books.progressed.pop()],
    ['an ending that never came', books => books.endings.clear()],
    ['an ending twice', books => books.endings.set('del_8', { persons: [1], at: 1 })],
    ['no number of the month', books => books.events.get('woonboog')?.delete('del_3')],
    [
      'two numbers of the month',
      books => put(books, 'del_7', 'detection.answered', { tenants: 3 }),
    ],
    ['a number about fewer', books => put(books, 'del_3', 'detection.answered', { tenants: 2 })],
  ])('%s is noticed', (_, spoil) => {
    const books = good()
    spoil(books)
    expect(compareBooks(books)).not.toEqual([])
  })
})
