import { readFileSync } from 'node:fs'
import { type Config, readConfig, SETTINGS } from '../../config.ts'
import { examineFiles } from './files.ts'
import { fine, found, type SettingCheck } from './finding.ts'
import { examineReach } from './reach.ts'
import { examineSettings } from './static.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Looks at a configuration before anything is started with it; starts and changes nothing. Secrets are in no
 * finding.
 */
export async function examineConfiguration(env: Environment, now: Date): Promise<SettingCheck[]> {
  const known = [checkNames(env)]
  const config = parse(env)
  if ('ok' in config) return [...known, config]
  return [
    ...known,
    ...examineSettings(config),
    ...examineFiles(config, env, now),
    ...(await examineReach(config)),
  ]
}

function parse(env: Environment): Config | SettingCheck {
  try {
    return readConfig(env)
  } catch (error) {
    return found('wrong', 'settings', {
      detail: (error as Error).message,
      remedy: 'Mend that setting; docs/operations.md has each of them.',
    })
  }
}

// HUISBRUG_TEST_ is of the tests of this program.
function checkNames(env: Environment): SettingCheck {
  const named = Object.keys(env).filter(name => /^HUISBRUG_(?!TEST_)/.test(name))
  const unknown = named.filter(name => !SETTINGS.includes(name))
  if (unknown.length === 0) return fine('settings', `${named.length} given`)
  return found('needed', 'settings', {
    detail: `no setting of Huisbrug: ${unknown.slice(0, 5).join(', ')}`,
    remedy: 'Look for a slip of the pen: what is not known is not read.',
  })
}

/**
 * The settings in a file of `NAME=value` lines, as systemd and Compose read it: comments, and values in
 * quotes.
 * @throws Error of the system, or naming the line that is neither
 */
export function readEnvironmentFile(path: string): Record<string, string> {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/)
  const settings: Record<string, string> = {}
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
    if (!name) throw new Error(`${path}, line ${index + 1}: not of the form NAME=value`)
    settings[name] = unquote(value.trim())
  }
  return settings
}

function unquote(value: string): string {
  const [, single, double] = /^(?:'(.*)'|"(.*)")$/.exec(value) ?? []
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? value
}
