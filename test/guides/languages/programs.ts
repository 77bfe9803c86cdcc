import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const INTEGRATION = fileURLToPath(new URL('../../../docs/integration/', import.meta.url))
const HERE = fileURLToPath(new URL('./', import.meta.url))

// Debian's own where another is first on the PATH and has not what Debian installed.
const PYTHON =
  ['python3', '/usr/bin/python3'].find(
    python => spawnSync(python, ['-c', 'import cryptography']).status === 0,
  ) ?? 'python3'

interface Language {
  name: string
  /** The tools it needs: what is missing is said, and the language left out. */
  tools: string[][]
  /** CI installs them: there it may not be left out. */
  isInstalledByCi: boolean
  /** Compiles where that has to be, into an empty folder; gives the command to run. */
  prepare(folder: string): string[]
}

/** Every language of docs/integration, with a program that answers a line for a line. */
export const LANGUAGES: readonly Language[] = [
  {
    name: 'python',
    tools: [[PYTHON, '-c', 'import cryptography']],
    isInstalledByCi: true,
    prepare: () => [PYTHON, '-B', join(HERE, 'check.py'), join(INTEGRATION, 'python')],
  },
  {
    name: 'php',
    tools: [['php', '-r', 'exit(function_exists("sodium_crypto_core_ristretto255_add") ? 0 : 1);']],
    isInstalledByCi: true,
    prepare: () => ['php', join(HERE, 'check.php'), join(INTEGRATION, 'php')],
  },
  {
    name: 'java',
    tools: [['javac', '-version']],
    isInstalledByCi: false,
    prepare: folder => {
      const files = ['Webhook', 'Assertion', 'Ristretto255', 'Pseudonym']
      const sources = files.map(name => join(INTEGRATION, 'java', `${name}.java`))
      run(['javac', '-Xlint:all', '-Werror', '-d', folder, ...sources, join(HERE, 'Check.java')])
      return ['java', '-cp', folder, 'Check']
    },
  },
  {
    name: 'csharp',
    tools: [['mcs', '--version']],
    isInstalledByCi: false,
    prepare: folder => {
      const program = join(folder, 'check.exe')
      const files = ['Webhook', 'Assertion', 'Ristretto255', 'Pseudonym']
      const sources = files.map(name => join(INTEGRATION, 'csharp', `${name}.cs`))
      const flags = ['-langversion:7', '-r:System.Numerics.dll', `-out:${program}`]
      run(['mcs', ...flags, ...sources, join(HERE, 'Check.cs')])
      return ['mono', program]
    },
  },
]

/** Whether this machine has the tools of a language. @throws Error where CI should have installed them */
export function isThere({ name, tools, isInstalledByCi }: Language): boolean {
  const missing = tools.filter(([command = '', ...args]) => spawnSync(command, args).status !== 0)
  if (missing.length === 0) return true
  const text = `${name}: ${missing.map(([command]) => command).join()} is not installed`
  if (isInstalledByCi && process.env['HUISBRUG_TEST_TOOLS'] === 'required') throw new Error(text)
  process.stderr.write(`${text}: its tests are skipped\n`)
  return false
}

/** Gives each line (of fields) to a program of {@link LANGUAGES}; its answers. */
export function ask(language: Language, folder: string, lines: string[][]): string[] {
  const own = join(folder, language.name)
  mkdirSync(own, { recursive: true })
  const input = lines.map(line => `${line.join('\t')}\n`).join('')
  return run(language.prepare(own), input).trimEnd().split('\n')
}

function run([command = '', ...args]: string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
  return stdout
}
