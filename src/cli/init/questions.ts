import { readConfig } from '../../config.ts'

/** What was answered, by the name of the option; '' where somebody wants none. */
export type Answers = Readonly<Record<string, string>>

/** One thing that an installation decides. */
export interface Question {
  /** Name of the option, which takes the answer where nobody can be asked. */
  option: string
  /** What a person is asked, and what the option says. */
  ask: string
  /** What it is without an answer; undefined where there has to be one. */
  otherwise: (answers: Answers) => string | undefined
  /** Whether it matters; always where absent. */
  when?: (answers: Answers) => boolean
  /** What is wrong with an answer. */
  fault: (answer: string) => string | undefined
}

const hostOf = ({ 'public-url': url = '' }: Answers): string => new URL(url).hostname
const hasPeople = (answers: Answers): boolean => Boolean(answers['oidc-issuer'])
const isElsewhere = (answers: Answers): boolean => answers['compose'] !== 'yes'
const sound = (): undefined => undefined

/** The rule that the setting itself has; an answer '' is none. */
const setting = (name: string) => (answer: string) => {
  try {
    if (answer !== '') readConfig({ [name]: answer })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The rule of several settings that only go together. */
const of = (names: Record<string, string>) => (answer: string) => {
  const given = Object.entries(names).map(([name, value]) => [name, value || answer])
  try {
    if (answer !== '') readConfig(Object.fromEntries(given))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const MAIL = {
  HUISBRUG_ATTENTION_SMTP_URL: 'smtps://mail.example',
  HUISBRUG_ATTENTION_FROM: 'from@mail.example',
  HUISBRUG_ATTENTION_TO: 'to@mail.example',
}

/** What is asked, in this order; a later default may follow from an earlier answer. */
export const QUESTIONS: readonly Question[] = [
  {
    option: 'public-url',
    ask: 'address (https) at which parties reach the gateway',
    otherwise: () => undefined,
    fault: answer =>
      /^https:\/\/[^/?#@]+(\/[^?#]*)?$/.test(answer)
        ? setting('HUISBRUG_PUBLIC_URL')(answer)
        : 'it is an https address, such as https://gateway.example',
  },
  {
    option: 'log-origin',
    ask: 'name of the audit log, which partners pin and which stays',
    otherwise: answers => `${hostOf(answers)}/log`,
    fault: setting('HUISBRUG_LOG_ORIGIN'),
  },
  {
    option: 'compose',
    ask: 'does it run by deploy/compose.yaml, with PostgreSQL and Redis in there (yes or no)',
    otherwise: () => 'no',
    fault: answer => (/^(yes|no)$/.test(answer) ? undefined : 'it is yes or no'),
  },
  {
    option: 'database-url',
    ask: 'PostgreSQL 15 or newer, postgres://user:password@host:5432/database?sslmode=verify-full',
    otherwise: () => undefined,
    when: isElsewhere,
    fault: answer =>
      answer === '' ? 'there has to be one' : setting('HUISBRUG_DATABASE_URL')(answer),
  },
  {
    option: 'queue-url',
    ask: 'Redis, rediss://host:6379; nothing for a queue in PostgreSQL',
    otherwise: () => '',
    when: isElsewhere,
    fault: setting('HUISBRUG_QUEUE_URL'),
  },
  {
    option: 'protocols-dir',
    ask: 'folder of the protocols',
    otherwise: () => '/etc/huisbrug/protocols',
    when: isElsewhere,
    fault: setting('HUISBRUG_PROTOCOLS_DIR'),
  },
  {
    option: 'data-dir',
    ask: 'data folder',
    otherwise: () => '/var/lib/huisbrug',
    when: isElsewhere,
    fault: setting('HUISBRUG_DATA_DIR'),
  },
  {
    option: 'trusted-proxies',
    ask: 'addresses of the proxy that ends TLS, with commas',
    otherwise: () => 'loopback',
    when: isElsewhere,
    fault: setting('HUISBRUG_TRUSTED_PROXIES'),
  },
  {
    option: 'oidc-issuer',
    ask: 'identity provider where people sign in, https://…; nothing for one-time links',
    otherwise: () => '',
    fault: answer =>
      answer === '' || /^https:\/\/[^?#\s]+$/.test(answer) ? undefined : 'it is an https address',
  },
  {
    option: 'oidc-client-id',
    ask: 'what the gateway is called there',
    otherwise: () => 'huisbrug',
    when: hasPeople,
    fault: answer => (answer === '' ? 'it has a name' : undefined),
  },
  {
    option: 'oidc-claim',
    ask: 'claim that says to which groups somebody belongs',
    otherwise: () => 'groups',
    when: hasPeople,
    fault: answer => (answer === '' ? 'it has a name' : undefined),
  },
  {
    option: 'privacy-officers',
    ask: 'group of the privacy officers',
    otherwise: () => 'huisbrug-fg',
    when: hasPeople,
    fault: sound,
  },
  {
    option: 'auditors',
    ask: 'group of the auditors; nothing for none',
    otherwise: () => 'huisbrug-audit',
    when: hasPeople,
    fault: sound,
  },
  {
    option: 'operators',
    ask: 'group of the operators; nothing for none',
    otherwise: () => 'huisbrug-beheer',
    when: hasPeople,
    fault: sound,
  },
  {
    option: 'four-eyes',
    ask: 'what a second person has to approve, with commas; nothing for nothing',
    otherwise: () => 'subject-restrict,subject-erase',
    fault: setting('HUISBRUG_FOUR_EYES'),
  },
  {
    option: 'smtp-url',
    ask: 'mail server for what needs attention, smtps://user@host; nothing for no mail',
    otherwise: () => '',
    fault: of({ ...MAIL, HUISBRUG_ATTENTION_SMTP_URL: '' }),
  },
  {
    option: 'mail-from',
    ask: 'sender of that mail',
    otherwise: answers => `huisbrug@${hostOf(answers)}`,
    when: answers => Boolean(answers['smtp-url']),
    fault: of({ ...MAIL, HUISBRUG_ATTENTION_FROM: '' }),
  },
  {
    option: 'mail-to',
    ask: 'who gets it, with commas',
    otherwise: () => undefined,
    when: answers => Boolean(answers['smtp-url']),
    fault: answer =>
      answer === '' ? 'somebody gets it' : of({ ...MAIL, HUISBRUG_ATTENTION_TO: '' })(answer),
  },
]

/** What is wrong with an answer: a file of settings holds it in single quotes, on one line. */
export function faultOf(question: Question, answer: string): string | undefined {
  return /['\r\n]/.test(answer) ? 'no quotes, and one line' : question.fault(answer)
}

/** Where an answer comes from: the options, or a person; undefined takes the default. */
export type Source = (
  question: Question,
  otherwise: string | undefined,
) => Promise<string | undefined>

/** What is missing or wrong, by option. */
export class AnswerError extends Error {
  readonly option: string
  constructor(option: string, fault: string) {
    super(`--${option}: ${fault}`)
    this.option = option
  }
}

/**
 * Gathers the answers, each checked by the rule of its setting.
 * @throws AnswerError at the first that is missing or wrong
 */
export async function gather(source: Source): Promise<Answers> {
  const answers: Record<string, string> = {}
  for (const question of QUESTIONS) {
    if (question.when && !question.when(answers)) continue
    const otherwise = question.otherwise(answers)
    const answer = (await source(question, otherwise)) ?? otherwise
    if (answer === undefined) throw new AnswerError(question.option, `give the ${question.ask}`)
    const fault = faultOf(question, answer)
    if (fault) throw new AnswerError(question.option, fault)
    answers[question.option] = answer
  }
  return answers
}
