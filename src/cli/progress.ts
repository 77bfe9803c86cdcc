import { Presets, SingleBar } from 'cli-progress'

/** Progress of one long task on standard error; silent where that is no terminal. */
export interface Progress {
  update(done: number, total: number): void
  stop(): void
}

/** A progress bar for people; `wanted` is false where output is for a script. */
export function progressBar(label: string, wanted: boolean): Progress {
  if (!wanted || !process.stderr.isTTY) return { update: () => {}, stop: () => {} }
  const format = `${label} {bar} {percentage}% | {value}/{total} | {eta}s`
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true }, Presets.rect)
  let started = false
  return {
    update: (done, total) => {
      if (!started) bar.start(total, done)
      started = true
      bar.setTotal(total)
      bar.update(done)
    },
    stop: () => {
      if (started) bar.stop()
      started = false
    },
  }
}
