import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine, ensureOwner, type RunAs } from './embedded-user.ts'

/** Role and database of the program: owner of its database, not a superuser, so grants bind it. */
export const ROLE = 'huisbrug'

export interface Cluster {
  folder: string
  password: string
}

// The superuser has no password and no line here: nobody can log in as it.
const HBA = `host all ${ROLE} 127.0.0.1/32 scram-sha-256\n`
const MAJOR = '18'

/**
 * The database cluster under the data folder, made where there is none. It is made beside its place
 * and moved there whole, so one that was cut short is seen and made again.
 * @throws Error saying what to do where the folder holds something else, or PostgreSQL refuses
 */
export function ensureCluster(dataDir: string, way: RunAs): Cluster {
  const folder = join(dataDir, 'postgres')
  const passwordFile = join(dataDir, 'postgres.password')
  if (!existsSync(join(folder, 'global', 'pg_control'))) createCluster(dataDir, folder, way)
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim()
  if (found !== MAJOR) {
    throw new Error(
      `${folder} was made by PostgreSQL ${found}, this program brings ${MAJOR}: ` +
        'carry the data over with pg_dump, or point HUISBRUG_DATABASE_URL at a server',
    )
  }
  ensureOwner(folder, way.uid)
  return { folder, password: readFileSync(passwordFile, 'utf8').trim() }
}

function createCluster(dataDir: string, folder: string, way: RunAs): void {
  const partial = `${folder}.new`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { mode: 0o700 })
  ensureOwner(partial, way.uid)
  const password = randomBytes(24).toString('base64url')
  run(way, 'initdb', [
    '-D',
    partial,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
  ])
  writeFileSync(join(partial, 'pg_hba.conf'), HBA)
  run(
    way,
    'postgres',
    ['--single', '-j', '-D', partial, 'postgres'],
    [
      `CREATE ROLE ${ROLE} LOGIN CREATEDB PASSWORD '${password}'`,
      `CREATE DATABASE ${ROLE} OWNER ${ROLE}`,
    ],
  )
  writeFileSync(join(dataDir, 'postgres.password'), `${password}\n`, { mode: 0o600 })
  renameSync(partial, folder)
}

function run(way: RunAs, binary: string, args: string[], statements: string[] = []): void {
  const [command, rest] = commandLine(way, binary, args)
  const done = spawnSync(command, rest, {
    encoding: 'utf8',
    input: statements.map(statement => `${statement};\n\n`).join(''),
    ...way.switchTo,
  })
  const errors = `${done.stdout}${done.stderr}`
    .split('\n')
    .filter(line => /ERROR|FATAL|error:/.test(line))
  if (done.status === 0 && errors.length === 0) return
  const said = errors.join('; ') || done.error?.message || `exit ${done.status ?? done.signal}`
  throw new Error(`PostgreSQL's ${binary} failed: ${said}`)
}
