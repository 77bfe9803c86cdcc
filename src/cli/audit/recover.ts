import { Command } from 'commander'
import { PublishedCheckpoints } from '../../audit/published.ts'
import { type Recovered, recoverLog } from '../../audit/recover.ts'
import { isGivenReason, MAX_REASON } from '../../exchange/given-reason.ts'
import type { Open } from '../party.ts'

/** `huisbrug audit recover`: a person accepts that the log goes on from an older backup, as a new one. */
export function recoverCommand(open: Open): Command {
  return new Command('recover')
    .description('accept an older backup, or another key: the log goes on as a new one')
    .requiredOption('--reason <text>', 'why; kept as evidence, so without names of persons')
    .option('--json', 'print JSON')
    .action(async ({ reason, json }: { reason: string; json?: boolean }) => {
      const clock = () => new Date()
      if (!isGivenReason(reason, clock()))
        throw new Error(`--reason has 1 to ${MAX_REASON} characters and no national number`)
      const store = await open()
      try {
        const published = new PublishedCheckpoints(store.config.dataDir)
        const recovered = await recoverLog({ ...store, published, clock }, reason.trim())
        if (!recovered) process.exitCode = 1
        const told = recovered ?? { refused: true, reason: NOTHING }
        process.stdout.write(json ? `${JSON.stringify(told)}\n` : describe(recovered))
      } finally {
        await store.close()
      }
    })
}

const NOTHING = 'the log contains all that was published, and has its key: it can go on as it is'

function describe(recovered: Recovered | undefined): string {
  if (!recovered) return `Nothing was changed: ${NOTHING}.\n`
  const { origin, verifierKey, kept, published } = recovered
  const lost = published === undefined ? '' : `, of ${published} that were published`
  return (
    `The log goes on as ${origin}, with ${kept} entries${lost}.\n` +
    `Give every partner and witness its verifier key:\n${verifierKey}\n`
  )
}
