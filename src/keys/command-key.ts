import { createHash, timingSafeEqual } from 'node:crypto'
import { type KeyProvider, KeyProviderError } from './provider.ts'
import { CommandFailure, runKeyCommand } from './run-command.ts'

export interface CommandOptions {
  /** Program and its arguments; the verb comes after. */
  argv: readonly string[]
  /** What it inherits; nothing of ours. */
  env: Record<string, string | undefined>
  timeoutMs: number
}

export interface CommandKeyOptions extends CommandOptions {
  rememberMs: number
}

// A command that hangs or is gone is not asked again by everyone who waits.
const REST_MS = 1_000
const AT_ONCE = 4
const NAME_BYTES = 32
const ID_FORM = /^[A-Za-z0-9._-]{1,64}$/

/**
 * A key that an external command holds, such as a client of a vault or an HSM. `<command> id` prints
 * the name of the key; `<command> wrap` and `<command> unwrap` read base64url on standard input and
 * print base64url. A secret is bound to its name here, so the command need not know about names.
 */
export class CommandKey implements KeyProvider {
  readonly id: string
  readonly rememberMs: number
  readonly #options: CommandKeyOptions
  readonly #waiting: (() => void)[] = []
  #running = 0
  #rest: { until: number; error: KeyProviderError } | undefined

  private constructor(id: string, options: CommandKeyOptions) {
    this.id = id
    this.rememberMs = options.rememberMs
    this.#options = options
  }

  /** @throws KeyProviderError where the command does not say which key it has */
  static async open(options: CommandKeyOptions): Promise<CommandKey> {
    const id = await run(options, 'id', '')
    if (!ID_FORM.test(id)) throw explain(new CommandFailure('output'), 'id', options)
    return new CommandKey(`command-${id}`, options)
  }

  async wrap(name: string, secret: Uint8Array): Promise<Buffer> {
    return this.#ask('wrap', Buffer.concat([digestOf(name), secret]))
  }

  async unwrap(name: string, wrapped: Uint8Array): Promise<Buffer> {
    const bound = await this.#ask('unwrap', wrapped)
    const isBound =
      bound.length >= NAME_BYTES && timingSafeEqual(bound.subarray(0, NAME_BYTES), digestOf(name))
    if (!isBound) throw explain(new CommandFailure('other'), 'unwrap', this.#options)
    return Buffer.from(bound.subarray(NAME_BYTES))
  }

  async #ask(verb: 'wrap' | 'unwrap', bytes: Uint8Array): Promise<Buffer> {
    if (this.#running >= AT_ONCE) await new Promise<void>(go => this.#waiting.push(go))
    else this.#running++
    try {
      if (this.#rest && this.#isResting()) throw this.#rest.error
      const answer = await askKeyCommand(this.#options, verb, bytes)
      this.#rest = undefined
      return answer
    } catch (error) {
      if (error instanceof KeyProviderError && error.rest && !this.#isResting()) {
        this.#rest = { until: performance.now() + REST_MS, error }
      }
      throw error
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  #isResting(): boolean {
    return this.#rest !== undefined && this.#rest.until > performance.now()
  }
}

function digestOf(name: string): Buffer {
  return createHash('sha256').update(`huisbrug key name v1 ${name}`).digest()
}

/**
 * What the command answers to a verb; both sides in base64url.
 * @throws KeyProviderError
 */
export async function askKeyCommand(
  options: CommandOptions,
  verb: string,
  bytes: Uint8Array,
): Promise<Buffer> {
  const text = await run(options, verb, Buffer.from(bytes).toString('base64url'))
  return decode(text, verb, options)
}

async function run(options: CommandOptions, verb: string, input: string): Promise<string> {
  try {
    return await runKeyCommand({ ...options, argv: [...options.argv, verb], input })
  } catch (error) {
    throw explain(error as CommandFailure, verb, options)
  }
}

function decode(text: string, verb: string, options: CommandOptions): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  // Node skips what is no base64url: what comes back the same was all of it.
  if (bytes.length === 0 || bytes.toString('base64url') !== text) {
    throw explain(new CommandFailure('output'), verb, options)
  }
  return bytes
}

/** What went wrong with a command, for the operator. */
export function explain(
  { what, status }: CommandFailure,
  verb: string,
  { timeoutMs }: CommandOptions,
): KeyProviderError {
  const happened = {
    start: 'could not be started',
    time: `did not answer within ${timeoutMs / 1000} s`,
    status: `ended with ${status}`,
    output: verb === 'id' ? 'printed no name of a key' : 'printed something else than base64url',
    other: verb.startsWith('sign')
      ? 'gave something else than a key of 32 bytes or its signature'
      : 'gave back another secret than was asked for',
  }[what]
  const first = verb.startsWith('sign') ? 'sign-id' : 'id'
  return new KeyProviderError(
    `the key command ${happened} (${verb}): run it by hand with the argument ${first}, as the user that ` +
      'Huisbrug runs as; see "Keys" in docs/operations.md',
    what === 'time' || what === 'start',
  )
}
