import { type ChildProcess, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBinaries } from '../../src/db/embedded-binaries.ts'
import { ensureCluster, ROLE } from '../../src/db/embedded-cluster.ts'
import { freePort, runServer, type ServerPlan, stopServer } from '../../src/db/embedded-server.ts'
import { chooseRunAs, commandLine, ensureOwner, type RunAs } from '../../src/db/embedded-user.ts'
import { createLogger } from '../../src/log.ts'
import { openProxy, type ServerProxy } from './proxy.ts'

/** A primary and a replica that follows it by streaming, each a PostgreSQL of its own. */
export interface ReplicaPair {
  primaryUrl: string
  replicaUrl: string
  /** What the replica follows by: closed, it falls behind. */
  stream: ServerProxy
  stopReplica(): Promise<void>
  startReplica(): Promise<void>
  close(): Promise<void>
}

/** Makes both in that folder: the binaries that come along have no pg_basebackup, so the files are copied. */
export async function replicaPair(root: string): Promise<ReplicaPair> {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const way = chooseRunAs(findBinaries(root), root)
  const primary = await planOf(root, 'primary', way)
  const password = ensureCluster(root, primary.folder, way, createLogger('error'))
  letReplicate(primary)
  const replica = await planOf(root, 'replica', way)
  cpSync(primary.folder, replica.folder, { recursive: true })
  chmodSync(replica.folder, 0o700)
  const stream = await openProxy(`tcp://127.0.0.1:${primary.port}`)
  const port = Number(new URL(stream.url).port)
  const follow = `host=127.0.0.1 port=${port} user=${ROLE} password=${password} sslmode=disable`
  appendFileSync(
    join(replica.folder, 'postgresql.auto.conf'),
    `primary_conninfo = '${follow}'\nwal_retrieve_retry_interval = '200ms'\n`,
  )
  writeFileSync(join(replica.folder, 'standby.signal'), '')
  ensureOwner(replica.folder, way.uid)
  for (const plan of [primary, replica]) plan.url = urlOf(plan.port, password)
  const servers = new Map<ServerPlan, ChildProcess>()
  const start = async (plan: ServerPlan) => void servers.set(plan, await runServer(plan))
  const stop = async (plan: ServerPlan) => {
    const server = servers.get(plan)
    servers.delete(plan)
    if (server) await stopServer(server)
  }
  await start(primary)
  await start(replica)
  return {
    ...{ primaryUrl: primary.url, replicaUrl: replica.url, stream },
    startReplica: () => start(replica),
    stopReplica: () => stop(replica),
    close: async () => {
      await stop(replica)
      await stream.close()
      await stop(primary)
    },
  }
}

async function planOf(root: string, name: string, way: RunAs): Promise<ServerPlan> {
  const logFile = join(root, `${name}.log`)
  return { way, folder: join(root, name), logFile, port: await freePort(), url: '' }
}

function urlOf(port: number, password: string): string {
  return `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${ROLE}?sslmode=disable`
}

/** In single-user mode: nobody can log in as the superuser. */
function letReplicate({ way, folder }: ServerPlan): void {
  appendFileSync(
    join(folder, 'pg_hba.conf'),
    `host replication ${ROLE} 127.0.0.1/32 scram-sha-256\n`,
  )
  const [command, args] = commandLine(way, 'postgres', ['--single', '-j', '-D', folder, 'postgres'])
  const input = `ALTER ROLE ${ROLE} REPLICATION;\n\n`
  const { status } = spawnSync(command, args, { input, ...way.switchTo })
  if (status !== 0) throw new Error('PostgreSQL does not let the role replicate')
}
