// A thread of the pseudonym pool that ends on command, at the moment that it wipes national numbers.
import { workerData } from 'node:worker_threads'

const { fill } = Uint8Array.prototype
const NUMBER_BYTES = 11
const MOST = 100

Uint8Array.prototype.fill = function (...args) {
  const people = this.length / NUMBER_BYTES
  const mayHold = args.length === 1 && args[0] === 0 && Number.isInteger(people) && people <= MOST
  const text = mayHold ? String.fromCharCode(...this) : ''
  const kind = /^\d+$/.test(text) ? Atomics.exchange(workerData.flag, 0, 0) : 0
  if (kind !== 0) crash(kind, text)
  return fill.apply(this, args)
}

await import(workerData.file)

function crash(kind, text) {
  if (kind === 1) throw new TypeError(text)
  if (kind === 2) {
    queueMicrotask(() => {
      throw new TypeError(text, { cause: new Error(text) })
    })
  }
  if (kind === 3)
    for (const all = []; ; ) all.push(Array.from({ length: 10_000 }, () => `${text} ${all.length}`))
  if (kind === 4) process.exit(3)
}
