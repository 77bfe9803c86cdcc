import { once } from 'node:events'
import { checkRun, isGood, toReport } from './demo-report.ts'
import { runExchange, untilRegisterReady } from './demo-run.ts'
import { putInForce, registerParties, tryBeforeProtocol } from './demo-setup.ts'
import { setStage } from './demo-stage.ts'
import { tellStory, tellWhere } from './demo-story.ts'
import type { DemoOptions, DemoReport, DemoStage } from './demo-types.ts'

/**
 * Runs the main job on a whole region: refused without a protocol, then detected, answered, fed
 * back and taken up, each step checked at the end. Everybody in it is synthetic.
 * @returns the exit code: 0 where nothing is parked, the log verifies, the balance holds and no
 *   national number leaked
 * @throws Error that says what kept it from running
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const startedAt = performance.now()
  const say = (...lines: string[]) => options.stdout.write(`${lines.join('\n')}\n`)
  const stage = await setStage(options)
  try {
    const { report, story, good } = await stage.programs.during(play(stage, startedAt))
    say(...story)
    if (options.json) say(JSON.stringify(report))
    if (!options.exit) await stayUp(stage, say)
    return good ? 0 : 1
  } finally {
    stage.bars.stop()
    await stage.programs.stop()
  }
}

async function play(
  stage: DemoStage,
  startedAt: number,
): Promise<{ report: DemoReport; story: string[]; good: boolean }> {
  await registerParties(stage)
  const code = await tryBeforeProtocol(stage)
  await putInForce(stage)
  await untilRegisterReady(stage)
  const counts = await runExchange(stage)
  const checks = await checkRun(stage)
  stage.bars.stop()
  const seconds = (performance.now() - startedAt) / 1000
  const report = toReport(stage, counts, checks, seconds)
  return {
    report,
    story: tellStory(stage, report, { ...checks, counts, code }),
    good: isGood(report, counts, stage),
  }
}

async function stayUp(stage: DemoStage, say: (...lines: string[]) => void): Promise<void> {
  const { signal } = stage.options
  const { json } = await stage.programs.run(['console', 'link'])
  const link = typeof json['link'] === 'string' ? json['link'] : undefined
  say(...tellWhere(stage, link))
  if (!signal.aborted) await stage.programs.during(once(signal, 'abort'))
  say('De demo stopt.')
}
