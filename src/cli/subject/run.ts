import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { Refusal } from '../../errors.ts'
import { DomainStore } from '../../pseudonym/domains.ts'
import type { By } from '../../subject/approval.ts'
import type { RightsRequest } from '../../subject/request.ts'
import type { RightsParts } from '../../subject/restriction.ts'
import type { Open } from '../party.ts'
import { isConfirmed, readNumber } from './number.ts'

export interface RightsOptions {
  case: string
  reason: string
  approval?: string
  yes?: boolean
  json?: boolean
}

/** What a command about a person does: shows first, then does. */
export interface RightsAct<T extends object> {
  preview(parts: RightsParts, request: RightsRequest): Promise<T>
  act(parts: RightsParts, request: RightsRequest): Promise<T>
  /** In plain Dutch. */
  tell(outcome: T): string[]
}

/** The options that every command about a person has. */
export function rightsOptions(command: Command): Command {
  return command
    .requiredOption('--case <ref>', 'case number of the request; names nobody')
    .requiredOption('--reason <text>', 'why; kept beside the log, never about whom')
    .option('--approval <id>', 'the approval of a second person, where four eyes are set')
    .option('--yes', 'do it without asking')
    .option('--json', 'print JSON')
}

/**
 * Reads the number, shows what would happen, asks, and does it. Without a terminal `--yes` is the
 * answer.
 * @throws Error with code, title and remedy where it is refused; that nothing was done without a yes
 */
export async function runRights<T extends object>(
  open: Open,
  command: Command,
  { preview, act, tell }: RightsAct<T>,
): Promise<void> {
  const options = command.opts<RightsOptions>()
  const say = (text: string) => command.configureOutput().writeOut?.(`${text}\n`)
  const insz = await readNumber()
  const store = await open()
  const { openEvaluator } = await import('../../parts.ts')
  const opened = openEvaluator(store)
  const { evaluator } = opened
  const { pool, config } = store
  const domains = new DomainStore({ ...store, evaluator })
  const parts = { pool, config, evaluator, domains }
  const by = operator()
  const { case: caseRef, reason, approval } = options
  const request = () => ({ insz, caseRef, reason, by, at: new Date(), approval })
  try {
    const would = await preview(parts, request())
    if (!options.yes) {
      if (!options.json) say(`Wat er zou gebeuren:\n${tell(would).join('\n')}\n`)
      if (!(await isConfirmed('Doorgaan? [j/N] '))) {
        if (options.json) say(JSON.stringify({ done: false, would }))
        throw new Error('nothing was done: answer yes, or give --yes')
      }
    }
    const outcome = await act(parts, request())
    say(options.json ? JSON.stringify({ done: true, ...outcome }) : tell(outcome).join('\n'))
  } catch (error) {
    throw refused(error, options.json ? say : undefined)
  } finally {
    await opened.close()
    await store.close()
  }
}

/** Who runs the command: the user of this machine. */
export function operator(): By {
  return { role: 'operator', client: userInfo().username }
}

/** A refusal as the message of a command: code, title and remedy; as JSON too, where that is asked. */
export function refused(thrown: unknown, say?: (text: string) => void): unknown {
  if (!(thrown instanceof Refusal)) return thrown
  const { code, message, reasons } = thrown
  say?.(JSON.stringify({ refused: code, reasons }))
  return new Error(`${message}. ${reasons.map(it => it.remedy).join(' ')}`)
}
