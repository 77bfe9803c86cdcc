import { createInterface } from 'node:readline'

/**
 * Reads a national number from standard input: one line, or what is typed without showing it on a
 * terminal. Never from an argument, which other users of the machine and the history of the shell see.
 */
export async function readNumber(
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<string> {
  const isTyped = input.isTTY === true
  if (isTyped) output.write('Rijksregisternummer (wordt niet getoond): ')
  // Without an output nothing of it is echoed.
  const lines = createInterface({ input, terminal: isTyped })
  try {
    for await (const line of lines) return line.trim()
    return ''
  } finally {
    lines.close()
    if (isTyped) output.write('\n')
  }
}

/** Whether the person at the terminal says yes; where there is none: no. */
export async function isConfirmed(
  question: string,
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<boolean> {
  if (input.isTTY !== true) return false
  const lines = createInterface({ input, output })
  try {
    const answer = await new Promise<string>(resolve => lines.question(question, resolve))
    return /^(j|ja|y|yes)$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
