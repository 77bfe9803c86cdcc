/** A browser without pages: keeps cookies per host and goes where it is sent. */
export class Walker {
  readonly #jar = new Map<string, Map<string, string>>()

  async go(url: string, form?: Record<string, string>): Promise<Answer> {
    const { origin } = new URL(url)
    const jar = this.cookies(origin)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: cookie ? { cookie } : {},
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) keep(jar, line)
    const location = response.headers.get('location')
    const next = location === null ? undefined : new URL(location, url).href
    return { status: response.status, headers: response.headers, html: await response.text(), next }
  }

  cookies(origin: string): Map<string, string> {
    const jar = this.#jar.get(origin) ?? new Map<string, string>()
    this.#jar.set(origin, jar)
    return jar
  }

  /** Starts to sign in as somebody, up to the address of the gateway that the provider sends back to. */
  async signInAs(gateway: string, name: string): Promise<string> {
    let { next } = await this.go(`${gateway}/console/aanmelden/start`)
    for (let turn = 0; turn < 8; turn += 1) {
      if (!next) throw new Error('lost the way')
      if (next.startsWith(`${gateway}/console/aanmelden/terug`)) return next
      const answer: Answer = await this.go(next)
      const action = /action="([^"]+)"/.exec(answer.html)?.[1]
      const form = { prompt: 'login', login: name, password: 'x' }
      next = answer.next ?? (action && (await this.go(new URL(action, next).href, form)).next)
    }
    throw new Error('too many steps')
  }
}

export interface Answer {
  status: number
  headers: Headers
  html: string
  next: string | undefined
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';')
  const at = pair.indexOf('=')
  const value = pair.slice(at + 1)
  if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(pair.slice(0, at))
  else jar.set(pair.slice(0, at), value)
}
