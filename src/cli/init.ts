import { createInterface, type Interface } from 'node:readline/promises'
import { Command } from 'commander'
import { FileThere, type PlannedFile, planFiles, writeFiles } from './init/files.ts'
import {
  AnswerError,
  type Answers,
  faultOf,
  gather,
  QUESTIONS,
  type Source,
} from './init/questions.ts'

const EXIT_WRONG_USE = 2

type Asked = Record<string, string | boolean | undefined>

/**
 * `huisbrug init`: the settings of an installation, by asking at a terminal or by options. Secrets are made and
 * written for their owner alone, and shown nowhere; nothing that is there is written over.
 */
export function initCommand(): Command {
  const command = new Command('init')
    .description('write the settings and secrets of an installation, by asking')
    .option('--out <folder>', 'where to write them', '.')
    .option('--json', 'ask nothing, print JSON')
  for (const { option, ask } of QUESTIONS) command.option(`--${option} <value>`, ask)
  return command.action(async (asked: Asked) => {
    const lines = isAsking(asked) ? openTerminal() : undefined
    try {
      const given = optionsOf(asked)
      const answers = await gather(
        lines ? askPerson(query => lines.question(query), given) : fromOptions(given),
      )
      const files = planFiles(answers, String(asked['out']))
      writeFiles(files)
      tell(asked, files, nextSteps(answers, files))
    } catch (error) {
      refuse(asked, error as Error)
    } finally {
      lines?.removeAllListeners('close').close()
    }
  })
}

function isAsking({ json }: Asked): boolean {
  return !json && process.stdin.isTTY === true
}

function openTerminal(): Interface {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C or Ctrl-D before the last answer: nothing was written yet.
  for (const event of ['SIGINT', 'close'] as const) lines.on(event, () => process.exit(130))
  return lines
}

/** Options by the name of the question: commander writes them in camel case. */
function optionsOf(asked: Asked): Answers {
  const named = QUESTIONS.map(({ option }) => {
    const key = option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    return [option, asked[key]] as const
  })
  return Object.fromEntries(
    named.filter((one): one is [string, string] => typeof one[1] === 'string'),
  )
}

function fromOptions(given: Answers): Source {
  return async ({ option }) => given[option]
}

/** Asks what no option gave, again until the answer is well. */
export function askPerson(put: (query: string) => Promise<string>, given: Answers): Source {
  return async (question, otherwise) => {
    const known = given[question.option]
    if (known !== undefined) return known
    for (;;) {
      const shown = otherwise === undefined ? '' : ` [${otherwise || 'none'}]`
      const typed = (await put(`${capital(question.ask)}${shown}: `)).trim()
      const answer = typed === '' ? otherwise : typed === 'none' ? '' : typed
      const fault = answer === undefined ? 'there has to be one' : faultOf(question, answer)
      if (!fault) return answer
      process.stderr.write(`  ${fault}\n`)
    }
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** What is left to do, in order. */
function nextSteps(answers: Answers, files: readonly PlannedFile[]): string[] {
  const settings = files[0]?.path ?? ''
  const isCompose = answers['compose'] === 'yes'
  return [
    'Keep a copy of secrets/master.key apart from the database and its backups.',
    ...(answers['oidc-issuer']
      ? [
          `Register ${answers['public-url']}/console/aanmelden/terug and secrets/oidc.jwks.json at the identity provider.`,
        ]
      : []),
    ...(answers['smtp-url']?.includes('@')
      ? ['Put the password of the mail server in secrets/mail.password, mode 600.']
      : []),
    'Put the protocols in their folder, a folder each (docs/protocols.md).',
    ...(isCompose
      ? [
          'Beside deploy/compose.yaml: chown -R 10001 secrets; docker compose --env-file huisbrug.env up --detach',
          'docker compose --env-file huisbrug.env run --rm gateway doctor --settings --production',
        ]
      : [
          `huisbrug doctor --settings --production --env-file ${settings}`,
          'Give the files to the user that runs the program, and start it (docs/deployment.md).',
        ]),
    'huisbrug party add for each party, then huisbrug doctor --production.',
  ]
}

function tell({ json }: Asked, files: readonly PlannedFile[], next: readonly string[]): void {
  const written = files.map(({ path, what }) => ({ path, what }))
  if (json) {
    process.stdout.write(`${JSON.stringify({ written, next })}\n`)
    return
  }
  for (const { path, what } of written) process.stdout.write(`written  ${path}  (${what})\n`)
  process.stdout.write(`\nNext:\n${next.map((step, at) => `${at + 1}. ${step}\n`).join('')}`)
}

function refuse({ json }: Asked, error: Error): void {
  const isKnown = error instanceof AnswerError || error instanceof FileThere
  if (!isKnown) throw error
  if (json) process.stdout.write(`${JSON.stringify({ refused: true, reason: error.message })}\n`)
  process.stderr.write(`huisbrug: ${error.message}\n`)
  process.exitCode = error instanceof AnswerError ? EXIT_WRONG_USE : 1
}
