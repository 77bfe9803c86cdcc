import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Logger } from '../log.ts'
import { commandLine, ensureOwner, type RunAs } from './embedded-user.ts'

/** Role and database of the program: owner of its database, not a superuser, so grants bind it. */
export const ROLE = 'huisbrug'

// The superuser has no line here and no password: nobody can log in as it.
const HBA = `host all ${ROLE} 127.0.0.1/32 scram-sha-256\n`
const MAJOR = '18'
const PARTIAL = '.new-'

/**
 * Makes the database cluster where there is none: beside its place, and moved there whole, so that
 * one that was cut short is made again.
 * @returns the password of the role
 * @throws Error saying what to do where another version made the cluster, or PostgreSQL refuses
 */
export function ensureCluster(root: string, folder: string, way: RunAs, log: Logger): string {
  removeLeftovers(folder)
  if (!existsSync(join(folder, 'global', 'pg_control'))) createCluster(root, folder, way, log)
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim()
  if (found !== MAJOR) {
    throw new Error(
      `${folder} was made by PostgreSQL ${found}, this program brings ${MAJOR}: ` +
        'carry the data over with pg_dump, or point HUISBRUG_DATABASE_URL at a server',
    )
  }
  ensureOwner(folder, way.uid)
  return readPassword(root) ?? renewPassword(root, folder, way, log)
}

/** The password in the data folder, or undefined. */
export function readPassword(root: string): string | undefined {
  const file = join(root, 'postgres.password')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() || undefined : undefined
}

function createCluster(root: string, folder: string, way: RunAs, log: Logger): void {
  setAside(folder, log)
  // A name of its own: the initdb of a program that was killed may still be emptying its folder.
  const partial = `${folder}${PARTIAL}${process.pid}-${Date.now()}`
  mkdirSync(partial, { mode: 0o700 })
  ensureOwner(partial, way.uid)
  // The builtin locale does not change with the machine's libraries, so neither do the indexes.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin']
  const args = ['-U', 'postgres', '--auth=trust', '--data-checksums', '--no-instructions']
  run(way, 'initdb', ['-D', partial, ...locale, '--builtin-locale=C.UTF-8', ...args])
  writeFileSync(join(partial, 'pg_hba.conf'), HBA)
  const password = storePassword(root)
  runStatements(way, partial, [
    `CREATE ROLE ${ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`,
    `CREATE DATABASE ${ROLE} OWNER ${ROLE}`,
  ])
  renameSync(partial, folder)
}

/** Removes what was cut short, as far as it can be: what is still in use goes at the next start. */
function removeLeftovers(folder: string): void {
  const prefix = `${basename(folder)}${PARTIAL}`
  for (const name of readdirSync(dirname(folder)).filter(name => name.startsWith(prefix))) {
    try {
      rmSync(join(dirname(folder), name), { recursive: true, force: true, maxRetries: 3 })
    } catch {
      // Still in use.
    }
  }
}

/** Without its control file no PostgreSQL can use the folder; still, it is not ours to delete. */
function setAside(folder: string, log: Logger): void {
  if (!existsSync(folder)) return
  const aside = `${folder}.incomplete-${Date.now()}`
  renameSync(folder, aside)
  log.warn('the database folder was incomplete: it is kept aside, a new one is made', { aside })
}

function renewPassword(root: string, folder: string, way: RunAs, log: Logger): string {
  log.warn('the password file of the embedded PostgreSQL is gone: a new password is set')
  const password = storePassword(root)
  runStatements(way, folder, [`ALTER ROLE ${ROLE} PASSWORD '${password}'`])
  return password
}

function storePassword(root: string): string {
  const password = randomBytes(24).toString('base64url')
  const file = join(root, 'postgres.password')
  rmSync(file, { force: true })
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return password
}

/** In single-user mode, as the superuser, without a server. */
function runStatements(way: RunAs, folder: string, statements: string[]): void {
  const input = statements.map(statement => `${statement};\n\n`).join('')
  run(way, 'postgres', ['--single', '-j', '-D', folder, 'postgres'], input)
}

function run(way: RunAs, binary: string, args: string[], input = ''): void {
  const [command, rest] = commandLine(way, binary, args)
  const done = spawnSync(command, rest, { encoding: 'utf8', input, ...way.switchTo })
  const lines = `${done.stdout}${done.stderr}`.split('\n')
  // Single-user mode goes on after an error and exits with 0.
  const errors = lines.filter(line => /ERROR|FATAL|PANIC|error:/.test(line))
  if (done.status === 0 && errors.length === 0) return
  const said = errors.join('; ') || done.error?.message || `exit ${done.status ?? done.signal}`
  throw new Error(`PostgreSQL's ${binary} failed: ${said}`)
}
