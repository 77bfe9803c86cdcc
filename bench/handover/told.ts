import type { Running } from '../system/program.ts'

/** The first message with that member that a process sends from now on. @throws Error where it says it failed */
export function told<T = unknown>({ child }: Running, member: string): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const settle = (message: object) => {
    if (member in message) resolve(message as T)
    else if ('failed' in message) reject(new Error(String(message.failed)))
  }
  const ended = () => reject(new Error('the process ended'))
  child.on('message', settle)
  child.once('exit', ended)
  return promise.finally(() => {
    child.off('message', settle)
    child.off('exit', ended)
  })
}
