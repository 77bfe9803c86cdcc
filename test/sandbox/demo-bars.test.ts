import { PassThrough } from 'node:stream'
import { createBars } from '../../src/sandbox/demo-bars.ts'

function capture(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream
  stream.isTTY = isTTY
  let text = ''
  ;(stream as unknown as PassThrough).on('data', chunk => {
    text += chunk
  })
  Object.assign(stream, { columns: 100, cursorTo: () => true, clearLine: () => true })
  return { stream, text: () => text }
}

test('without a terminal: a short line at the beginning and the end, not one per step', async () => {
  const { stream, text } = capture(false)
  const bars = createBars(stream)
  const bar = bars.bar('Verzonden')
  for (let done = 0; done <= 1_000; done++) bar.update(done, 1_000)
  bar.update(1_000, 1_000)
  bars.stop()
  await new Promise(resolve => setImmediate(resolve))
  expect(text()).toBe('  Verzonden: 0/1000\n  Verzonden: 1000/1000\n')
})

test('on a terminal: a bar that shows how far it is', async () => {
  const { stream, text } = capture(true)
  const bars = createBars(stream)
  bars.bar('Verzonden').update(50, 100)
  await new Promise(resolve => setTimeout(resolve, 150))
  bars.stop()
  expect(text()).toContain('Verzonden')
  expect(text()).toContain('50/100')
})
