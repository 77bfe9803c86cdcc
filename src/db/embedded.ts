import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import { findBinaries } from './embedded-binaries.ts'
import { ensureCluster, ROLE, readPassword } from './embedded-cluster.ts'
import { clearOrphan, runningPostmaster } from './embedded-postmaster.ts'
import { freePort, runServer, type ServerPlan, stopServer } from './embedded-server.ts'
import { chooseRunAs } from './embedded-user.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'

const START_AGAIN_MS = 1_000

export interface EmbeddedDatabase {
  /** Where to connect, with the password. */
  url: string
  /** Ends PostgreSQL cleanly and gives the data folder free. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL that comes with the program on `<dataDir>/postgres`, made at the first start:
 * loopback only, a free port, a password in a file that only its owner reads. It ends with this
 * process, also where that is killed; what a killed program left is ended first.
 * @throws Error that says what to do: the folder is in use, cannot be written, or PostgreSQL refuses
 */
export async function startEmbedded(dataDir: string, log: Logger): Promise<EmbeddedDatabase> {
  const root = resolve(dataDir)
  const lock = takeFolder(root)
  try {
    const plan = await planServer(root, log)
    const stopServing = keepServing(plan, await runServer(plan), log)
    const stop = async () => {
      await stopServing()
      lock.release()
    }
    return { url: plan.url, stop }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Where the PostgreSQL of a program that runs on that data folder now can be reached, or undefined:
 * for a command beside the running program, which may not start another.
 */
export function findEmbedded(dataDir: string): string | undefined {
  const root = resolve(dataDir)
  const running = runningPostmaster(clusterIn(root))
  const password = readPassword(root)
  return running && password ? urlOf(running.port, password) : undefined
}

function clusterIn(root: string): string {
  return join(root, 'postgres')
}

// The environment's own PGSSLMODE is meant for another server.
function urlOf(port: number, password: string): string {
  return `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${ROLE}?sslmode=disable`
}

function takeFolder(root: string): FolderLock {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    return lockFolder(root)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new Error(
      `the data folder ${root} cannot be written (${error.message}): ` +
        'give this user write access to it, or choose another with HUISBRUG_DATA_DIR',
      { cause: error },
    )
  }
}

async function planServer(root: string, log: Logger): Promise<ServerPlan> {
  const folder = clusterIn(root)
  const way = chooseRunAs(findBinaries(root), root)
  if (existsSync(folder)) await clearOrphan(folder, log)
  const password = ensureCluster(root, folder, way, log)
  const port = await freePort()
  return { way, folder, logFile: join(root, 'postgres.log'), port, url: urlOf(port, password) }
}

/** Starts a PostgreSQL that ended by itself again, on the same port; returns how to end it. */
function keepServing(plan: ServerPlan, first: ChildProcess, log: Logger): () => Promise<void> {
  let child = first
  let stopping = false
  let restart = Promise.resolve()
  const watch = () =>
    child.once('exit', (code, signal) => {
      if (stopping) return
      log.error('the embedded PostgreSQL ended by itself; starting it again', { code, signal })
      restart = again()
    })
  // A full disk keeps it from starting until there is room again.
  const again = async () => {
    for (let tries = 0; !stopping; tries += 1) {
      try {
        child = await runServer(plan)
        watch()
        return
      } catch (error) {
        const reason = (error as Error).message
        if (tries % 60 === 0) log.error('the embedded PostgreSQL does not start again', { reason })
        await sleep(START_AGAIN_MS)
      }
    }
  }
  watch()
  return async () => {
    stopping = true
    await restart
    await stopServer(child)
  }
}
