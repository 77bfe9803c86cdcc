import { type Command, CommanderError } from 'commander'
import { protocolCommand } from '../../src/cli/protocol.ts'
import type { Ended } from './demo.ts'

/**
 * `huisbrug protocol …` in this process, ended as src/cli.ts ends it, without a database to be reached: a
 * process of its own for each costs a second of processor time.
 */
export async function runProtocolHere(
  args: string[],
  settings: Record<string, string>,
): Promise<Ended> {
  Object.assign(process.env, settings)
  const ended: Ended = { code: 0, stdout: '', stderr: '' }
  const unreachable = () => Promise.reject(new Error('the database cannot be reached'))
  const spies = (['stdout', 'stderr'] as const).map(stream =>
    jest.spyOn(process[stream], 'write').mockImplementation(chunk => {
      ended[stream] += String(chunk)
      return true
    }),
  )
  try {
    await quiet(protocolCommand(unreachable)).parseAsync(args, { from: 'user' })
    ended.code = Number(process.exitCode ?? 0)
  } catch (error) {
    const isWrongUse = error instanceof CommanderError
    ended.code = isWrongUse ? (error.exitCode === 0 ? 0 : 2) : 1
    if (!isWrongUse) ended.stderr += `huisbrug: ${(error as Error).message}\n`
  } finally {
    process.exitCode = 0
    for (const spy of spies) spy.mockRestore()
  }
  return ended
}

function quiet(command: Command): Command {
  command.exitOverride()
  for (const nested of command.commands) quiet(nested)
  return command
}
