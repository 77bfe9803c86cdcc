import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { Signing } from '../../access/signing.ts'
import type { EvidenceBundle } from '../../audit/bundle.ts'
import { readReceipt } from '../../audit/bundle-receipt.ts'
import { BundleError, makeBundle as bundle } from '../../exchange/evidence-bundle.ts'
import { loadProtocols } from '../../protocol/load.ts'
import type { Open, Opened } from '../party.ts'

/**
 * `huisbrug audit prove <messageId>`: the evidence of a message in one file, which says the same also
 * where its persons were erased. Exit 1 where there is no such message or its entries still wait.
 */
export function proveCommand(open: Open): Command {
  return new Command('prove')
    .description('write the evidence of a message as one file that anyone can check')
    .argument('<messageId>', 'id of a message, or of the close of a period')
    .option('--out <file>', 'write it to this file instead of standard output')
    .action(async (messageId: string, { out }: { out?: string }) => {
      const store = await open()
      try {
        const bundle = await makeBundle(store, messageId)
        const text = `${JSON.stringify(bundle, null, 2)}\n`
        if (out === undefined) process.stdout.write(text)
        else {
          writeFileSync(out, text)
          process.stdout.write(`${out}: ${messageId}, ${bundle.entries.length} entries\n`)
        }
        if (bundle.protocol === null && readReceipt(bundle.receipt).payload.protocolDigest)
          process.stderr.write(WITHOUT_DOCUMENT)
      } finally {
        await store.close()
      }
    })
}

const WITHOUT_DOCUMENT =
  'note: the document that decided is not in the folder of HUISBRUG_PROTOCOLS_DIR any more; put that ' +
  'version back and prove again to have it in the bundle\n'

/**
 * Everything that shows what happened to a message.
 * @throws Error where there is no such message, or its entries still wait for their place
 */
export async function makeBundle(
  { pool, keys, config }: Pick<Opened, 'pool' | 'keys' | 'config'>,
  messageId: string,
): Promise<EvidenceBundle> {
  const signing = new Signing(keys)
  const parts = {
    pool,
    publicJwks: () => signing.publicJwks(),
    protocols: () => loadProtocols(config.protocolsDir),
  }
  return bundle(parts, messageId).catch(error => {
    if (!(error instanceof BundleError)) throw error
    if (error.code === 'unknown') throw new Error('there is no message with this id and a receipt')
    throw new Error(waits(error.waiting))
  })
}

function waits(waiting: number): string {
  return (
    `entries of this message are not in the signed log yet (${waiting}): see that the gateway runs ` +
    '(huisbrug serve), wait a second and try again; huisbrug doctor tells why they wait'
  )
}
