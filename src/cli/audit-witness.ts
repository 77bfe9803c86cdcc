import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { type KeptTimestamp, listStamps } from '../audit/timestamp-store.ts'
import { loadWitnessKey, renewWitnessKey, witnessName } from '../witness/witness.ts'
import type { Open } from './party.ts'

/** `huisbrug audit witness-key`: the verifier key with which this gateway cosigns the logs of others. */
export function witnessKeyCommand(open: Open): Command {
  return new Command('witness-key')
    .description(
      'print the verifier key of the witness that this gateway is, for those whom it cosigns',
    )
    .option('--renew', 'make another one first, after a restore from an older backup')
    .option('--json', 'print JSON')
    .action(async ({ json, renew }: { json?: boolean; renew?: boolean }) => {
      const store = await open()
      try {
        if (renew) await renewWitnessKey(store.keys)
        const name = witnessName(store.config.logOrigin)
        const { verifierKey } = await loadWitnessKey(store.keys, name)
        process.stdout.write(`${json ? JSON.stringify({ verifierKey }) : verifierKey}\n`)
      } finally {
        await store.close()
      }
    })
}

/** `huisbrug audit timestamps`: the RFC 3161 timestamps of checkpoints, and with --out as files. */
export function timestampsCommand(open: Open): Command {
  return new Command('timestamps')
    .description('list the timestamps of checkpoints, newest first')
    .option('--json', 'print JSON')
    .option('--out <folder>', 'write <day>.checkpoint and <day>.tst (TimeStampToken, DER) there')
    .action(async ({ json, out }: { json?: boolean; out?: string }) => {
      const store = await open()
      try {
        const stamps = await listStamps(store.pool)
        if (out) exportStamps(stamps, out)
        process.stdout.write(json ? `${JSON.stringify(stamps.map(toJson))}\n` : describe(stamps))
      } finally {
        await store.close()
      }
    })
}

function exportStamps(stamps: readonly KeptTimestamp[], folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const { day, note, token } of stamps) {
    writeFileSync(join(folder, `${day}.checkpoint`), note)
    writeFileSync(join(folder, `${day}.tst`), token)
  }
}

function toJson({ day, size, at, authority, chain, note, token }: KeptTimestamp) {
  const encoded = token.toString('base64')
  return { day, size, at: at.toISOString(), authority, chain, checkpoint: note, token: encoded }
}

function describe(stamps: readonly KeptTimestamp[]): string {
  if (stamps.length === 0) return 'No timestamps.\n'
  const lines = stamps.map(({ day, size, at, authority, chain }) => {
    const trust = chain ? '' : ', not checked against trusted certificates'
    return `${day}  ${size} entries  ${at.toISOString()}  ${authority}${trust}\n`
  })
  return lines.join('')
}
