import { MultiBar, Presets, type SingleBar } from 'cli-progress'

/** One thing that is counted while the demo runs. */
export interface Bar {
  update(done: number, total: number): void
}

/** Progress for people, on standard error: bars on a terminal, else short lines. */
export interface Bars {
  bar(label: string): Bar
  line(text: string): void
  stop(): void
}

const LINE_EVERY_MS = 5_000

export function createBars(stream: NodeJS.WriteStream): Bars {
  return stream.isTTY ? terminalBars(stream) : plainLines(stream)
}

function terminalBars(stream: NodeJS.WriteStream): Bars {
  const format = '  {label} {bar} {value}/{total}'
  const multi = new MultiBar({ format, stream, hideCursor: true, linewrap: false }, Presets.rect)
  return {
    bar: label => {
      let bar: SingleBar | undefined
      return {
        update: (done, total) => {
          bar ??= multi.create(total, done, { label: label.padEnd(34) })
          bar.setTotal(total)
          bar.update(done)
        },
      }
    },
    line: text => multi.log(`${text}\n`),
    stop: () => multi.stop(),
  }
}

function plainLines(stream: NodeJS.WritableStream): Bars {
  return {
    bar: label => {
      let said = -1
      let saidAt = 0
      return {
        update: (done, total) => {
          const isNews = done !== said && (done === total || Date.now() - saidAt > LINE_EVERY_MS)
          if (!isNews) return
          said = done
          saidAt = Date.now()
          stream.write(`  ${label}: ${done}/${total}\n`)
        },
      }
    },
    line: text => stream.write(`${text}\n`),
    stop: () => {},
  }
}
