import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestGateway } from '../support/gateway.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** `huisbrug subject …` as an operator runs it beside the running gateway, the number on its input. */
export async function subjectCommand(
  { context }: TestGateway,
  insz: string,
  ...args: string[]
): Promise<{ exit: number | null; out: string; err: string }> {
  const { config } = context
  const child = spawn(process.execPath, ['--no-warnings', CLI, 'subject', ...args], {
    env: {
      ...process.env,
      HUISBRUG_DATABASE_URL: config.databaseUrl,
      HUISBRUG_DATA_DIR: config.dataDir,
      HUISBRUG_PROTOCOLS_DIR: config.protocolsDir,
    },
  })
  child.stdin.end(`${insz}\n`)
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  const [exit] = await once(child, 'close')
  return { exit, out, err }
}
