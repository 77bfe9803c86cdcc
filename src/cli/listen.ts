import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { lockFolder } from '../client/folder-lock.ts'
import { takeInbox } from '../client/follow.ts'
import { HuisbrugProblem, HuisbrugUnreachable } from '../client/problem.ts'
import { RegisterError } from '../client/register-error.ts'
import { EventFile, FileInUse } from '../sheet/event-file.ts'
import { rowsOfEvent } from '../sheet/event-rows.ts'
import { withPartner } from './partner-profile.ts'
import {
  interruptible,
  type Partner,
  type PartnerReport,
  parseCount,
  type RunOptions,
  reasonOf,
  runPartner,
} from './partner-run.ts'

interface ListenOptions extends RunOptions {
  out: string
  once?: boolean
  every: number
}

/**
 * `huisbrug listen --out feedback.csv`: for who has no server. Takes what the gateway keeps in the inbox
 * and adds it to a file that Excel opens, each event once, also where it was stopped or killed in between.
 */
export function listenCommand(): Command {
  return withPartner(new Command('listen'))
    .description('write feedback and answers from the inbox to a CSV file; see docs/spreadsheet.md')
    .requiredOption('--out <file>', 'the CSV file; lines are added at its end')
    .option('--once', 'take what waits now, and end')
    .option('--every <seconds>', 'how often to look', parseCount(3_600), 60)
    .option('--json', 'print JSON')
    .action((options: ListenOptions, command: Command) =>
      runPartner(command, options, partner => listen(partner, options, command)),
    )
}

async function listen(
  { client, profile }: Partner,
  options: ListenOptions,
  command: Command,
): Promise<PartnerReport> {
  const file = resolve(options.out)
  const unlock = await takeFolder(join(profile.dataDir, 'listen'))
  const all = { events: 0, rows: 0 }
  const say = (text: string) => options.json || command.configureOutput().writeOut?.(`${text}\n`)
  const look = async (stop: AbortSignal) => {
    const before = all.rows
    await takeInto(file, client, all, stop).catch(error => {
      if (!stop.aborted) throw error
    })
    if (all.rows > before && !options.once) say(`${all.rows - before} new lines in ${file}`)
  }
  try {
    await interruptible(stop => (options.once ? look(stop) : lookOn(look, options, stop, say)))
  } finally {
    unlock()
  }
  const text = [`${all.events} events taken, ${all.rows} new lines in ${file}`]
  return { json: { ...all, file }, text }
}

/** Each event is acknowledged once its lines are on disk: a kill at any moment loses and doubles nothing. */
async function takeInto(
  path: string,
  client: Partner['client'],
  all: { events: number; rows: number },
  stop: AbortSignal,
): Promise<void> {
  let file: EventFile | undefined
  try {
    await takeInbox(client, async event => {
      stop.throwIfAborted()
      // Not before something waits: people have it open to read.
      file ??= await EventFile.open(path)
      all.rows += await file.append(rowsOfEvent(event))
      all.events += 1
    })
  } finally {
    await file?.close()
  }
}

/** Looks again and again, through what may pass: an outage, a file that is open in Excel. */
async function lookOn(
  look: (stop: AbortSignal) => Promise<void>,
  { every }: ListenOptions,
  stop: AbortSignal,
  say: (text: string) => unknown,
): Promise<void> {
  let said = ''
  while (!stop.aborted) {
    const trouble = await look(stop).then(() => '', passing)
    if (trouble !== said) say(trouble === '' ? 'it works again' : trouble)
    said = trouble
    await delay(every * 1000, undefined, { signal: stop }).catch(() => {})
  }
}

function passing(error: Error): string {
  const mayPass =
    error instanceof FileInUse ||
    ((error instanceof HuisbrugProblem || error instanceof HuisbrugUnreachable) && error.mayPass)
  if (!mayPass) throw error
  return reasonOf(error)
}

async function takeFolder(folder: string): Promise<() => void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    return lockFolder(folder)
  } catch (error) {
    if (!(error instanceof RegisterError)) throw error
    throw new Error(`another huisbrug listen runs already (${folder}): events go to one file`)
  }
}
