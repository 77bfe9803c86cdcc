import { X509Certificate } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { readTls } from '../../certificate-files.ts'
import type { Config } from '../../config.ts'
import { fine, found, type SettingCheck } from './finding.ts'

const DAY_MS = 86_400_000
const SOON_DAYS = 14
const MIN_FREE_BYTES = 512 * 1024 * 1024
const SECRET = /(KEY|SECRET|PASSWORD)_FILE$/
// Reading by a group is how Kubernetes gives a file to a pod; anybody else, or who may write it, is wrong.
const OTHERS = 0o027

/** What the settings name on this machine: files, certificate, data folder, documents. Changes nothing. */
export function examineFiles(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  now: Date,
): SettingCheck[] {
  return [
    ...checkFiles(env),
    checkMasterKey(config),
    ...checkCertificate(config, now),
    checkDataFolder(config),
    checkProtocols(config),
  ]
}

function checkFiles(env: Readonly<Record<string, string | undefined>>): SettingCheck[] {
  const named = Object.entries(env).filter(
    (one): one is [string, string] => /^HUISBRUG_.+_FILE$/.test(one[0]) && Boolean(one[1]),
  )
  const faults = named.flatMap(([name, path]) => faultOf(name, path))
  return faults.length > 0 ? faults : [fine('files', `${named.length} can be read`)]
}

function faultOf(name: string, path: string): SettingCheck[] {
  try {
    readFileSync(path)
    const { mode } = statSync(path)
    if (!SECRET.test(name) || (mode & OTHERS) === 0) return []
    return [
      found('needed', 'files', {
        detail: `${name}: ${path} is open to others (mode ${(mode & 0o777).toString(8)})`,
        remedy: `chmod 600 ${path}`,
      }),
    ]
  } catch (error) {
    const { code = 'unknown' } = error as { code?: string }
    return [
      found('wrong', 'files', {
        detail: `${name}: ${path} cannot be read (${code})`,
        remedy: 'Put it there, readable for the user that runs the program, or mend the setting.',
      }),
    ]
  }
}

function checkMasterKey({ masterKey: { key, file, command }, dataDir }: Config): SettingCheck {
  const name = 'master-key'
  if (command && (key || file)) {
    return found('wrong', name, {
      detail: 'two sources are named',
      remedy: 'Keep HUISBRUG_KEY_COMMAND, or a key, not both.',
    })
  }
  if (command) return fine(name, `held by a program (${command[0]})`)
  if (key) {
    return found('hint', name, {
      detail: 'in the environment, where lists of processes and containers show it',
      remedy: 'Use HUISBRUG_MASTER_KEY_FILE, or HUISBRUG_KEY_COMMAND.',
    })
  }
  const remedy =
    'head -c 32 /dev/urandom | basenc --base64url | tr -d = makes one; keep a copy apart.'
  if (!file) {
    return found('needed', name, {
      detail: `none is named: it is made in ${dataDir}, beside what it protects`,
      remedy: `Set HUISBRUG_MASTER_KEY_FILE. ${remedy}`,
    })
  }
  const isKey = /^[A-Za-z0-9_-]{43}\s*$/.test(readOr(file, ''))
  if (isKey || !existsSync(file)) return fine(name, `in ${file}`)
  return found('wrong', name, { detail: `${file} holds no 32 bytes in base64url`, remedy })
}

function checkCertificate({ tls, publicUrl }: Config, now: Date): SettingCheck[] {
  if (!tls) return []
  const name = 'certificate'
  const host = new URL(publicUrl).hostname
  try {
    readTls(tls)
    const certificate = new X509Certificate(readFileSync(tls.certFile))
    const days = Math.floor((certificate.validToDate.getTime() - now.getTime()) / DAY_MS)
    const remedy = 'Have a new one made, and put it in place: it is read again by itself.'
    if (days < 0) return [found('wrong', name, { detail: 'it has ended', remedy })]
    if (!certificate.checkHost(host)) {
      return [found('wrong', name, { detail: `it is not for ${host}`, remedy })]
    }
    const detail = `for ${host}, ${days} days left`
    return [days < SOON_DAYS ? found('needed', name, { detail, remedy }) : fine(name, detail)]
  } catch (error) {
    const detail = (error as Error).message.split('\n')[0] ?? ''
    const remedy = 'Give the certificate with its chain and the key that belongs to it, as PEM.'
    return [found('wrong', name, { detail, remedy })]
  }
}

function checkDataFolder({ dataDir }: Config): SettingCheck {
  const name = 'data-folder'
  if (!existsSync(dataDir)) {
    return found('hint', name, {
      detail: `${dataDir} is not there yet`,
      remedy: 'The first start makes it, where this user may; else make it, mode 700.',
    })
  }
  const remedy = 'Give this user alone the data folder (mode 700), and free space on its disk.'
  try {
    accessSync(dataDir, constants.W_OK)
  } catch {
    return found('wrong', name, { detail: `${dataDir} is not writable`, remedy })
  }
  const { bavail, bsize } = statfsSync(dataDir)
  const detail = `${dataDir}, ${Math.floor((bavail * bsize) / 1024 / 1024)} MiB free`
  if (bavail * bsize < MIN_FREE_BYTES) return found('wrong', name, { detail, remedy })
  return fine(name, detail)
}

function checkProtocols({ protocolsDir }: Config): SettingCheck {
  const name = 'protocols'
  const folders = existsSync(protocolsDir) ? readdirSync(protocolsDir) : []
  const there = folders.filter(folder => existsSync(join(protocolsDir, folder, 'protocol.json')))
  if (there.length > 0) return fine(name, `${there.length} in ${protocolsDir}`)
  return found('needed', name, {
    detail: `no document in ${protocolsDir}`,
    remedy:
      'Put each protocol in a folder of its own there (docs/protocols.md): without one nothing moves.',
  })
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}
