import { createPublicKey, verify } from 'node:crypto'
import { askKeyCommand, type CommandOptions, explain } from './command-key.ts'
import type { SigningKey } from './provider.ts'
import { CommandFailure } from './run-command.ts'

const KEY_BYTES = 32

/**
 * An Ed25519 key that an external command holds, such as a client of a vault or an HSM. `<command> sign-id`
 * prints the public key; `<command> sign` reads a text on standard input and prints the signature: all in
 * base64url. Nothing that it says is used before it was verified.
 */
export class SigningCommand implements SigningKey {
  readonly #options: CommandOptions
  #publicKey: Buffer | undefined

  constructor(options: CommandOptions) {
    this.#options = options
  }

  async publicKey(): Promise<Buffer> {
    if (this.#publicKey) return this.#publicKey
    const key = await askKeyCommand(this.#options, 'sign-id', new Uint8Array(0))
    if (key.length !== KEY_BYTES) throw this.#other('sign-id')
    this.#publicKey = key
    return key
  }

  async sign(text: string): Promise<Buffer> {
    const x = (await this.publicKey()).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const signature = await askKeyCommand(this.#options, 'sign', Buffer.from(text))
    if (!verify(null, Buffer.from(text), key, signature)) throw this.#other('sign')
    return signature
  }

  #other(verb: string): Error {
    return explain(new CommandFailure('other'), verb, this.#options)
  }
}
