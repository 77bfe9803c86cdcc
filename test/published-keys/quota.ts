import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Company, resign, type TestGateway } from '../support/gateway.ts'

export interface Quota {
  registerSize: number
  dailyAllowance: number
}

/** Has a housing company accede with a quota of blind evaluations, signed by all as before. */
export async function accedeWithQuota(
  { protocolsDir, context }: TestGateway,
  company: Company,
  evaluation: Quota,
): Promise<void> {
  const folder = join(protocolsDir, `wm-vdab-${company}`)
  const file = join(folder, 'protocol.json')
  const document = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...document, evaluation }))
  resign(folder, () => {})
  await context.protocols.reload()
}
