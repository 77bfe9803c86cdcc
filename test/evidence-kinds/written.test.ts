import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { amendFramework, resign, testGateway, until } from '../support/gateway.ts'

const DAY_MS = 86_400_000

test('documents that end or break, and the end of a program, are entries of their kind', async () => {
  const gateway = await testGateway()
  const written = async () => {
    const { rows } = await gateway.db.pool.query<{ action: string; protocol: string | null }>(
      `SELECT action, protocol FROM audit_entry UNION ALL SELECT action, protocol FROM audit_pending`,
    )
    return rows.map(({ action, protocol }) => `${action} ${protocol ?? ''}`.trim())
  }
  try {
    const folder = join(gateway.protocolsDir, 'wm-vdab-leefgoed')
    const file = join(folder, 'protocol.json')
    const document = JSON.parse(readFileSync(file, 'utf8'))
    const until_ = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)
    document.duration = { ...document.duration, until: until_ }
    writeFileSync(file, JSON.stringify(document))
    resign(folder, () => {})
    await until('it has ended', async () =>
      (await written()).includes('protocol.changed wm-vdab-leefgoed'),
    )
    amendFramework(gateway.protocolsDir, ({ dataElements }) => {
      dataElements.push({ ...dataElements[0]!, id: 'motivatie', field: 'motivation' })
    })
    await until('it is broken', async () => (await written()).includes('protocol.broken wm-vdab'))
    await gateway.gateway.close()
    Object.assign(gateway.gateway, { close: async () => {} })
    expect(await written()).toEqual(expect.arrayContaining(['program.started', 'program.stopped']))
  } finally {
    await gateway.close()
  }
})
