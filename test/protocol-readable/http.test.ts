import { readableOf } from '../../src/protocol/readable/model.ts'
import { pdfOf } from '../../src/protocol/readable/pdf.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'

describe('the protocols over HTTP', () => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await testGateway({ webhooks: false })
  })

  afterAll(() => gateway?.close())

  const get = async (path: string, accept?: string) => {
    const headers = accept === undefined ? {} : { accept }
    const response = await fetch(`${gateway.url}${path}`, { headers })
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      vary: response.headers.get('vary'),
      policy: response.headers.get('content-security-policy'),
      body: await response.text(),
    }
  }

  test.each([
    ['nothing', undefined],
    ['anything', '*/*'],
    ['JSON', 'application/json'],
    ['JSON rather than HTML', 'text/html;q=0.5, application/json'],
    ['no HTML', 'text/html;q=0'],
    ['nonsense', 'text/html;q=veel'],
  ])('who asks for %s gets JSON', async (_what, accept) => {
    for (const path of ['/v1/protocols', '/v1/protocols/wm-vdab']) {
      const { status, type, vary, body } = await get(path, accept)
      expect([status, type, vary]).toEqual([
        200,
        expect.stringMatching(/^application\/json/),
        'Accept',
      ])
      expect(JSON.parse(body)).toBeInstanceOf(Object)
    }
  })

  test.each([
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ['a program', 'text/html'],
    ['HTML rather than JSON', 'application/json;q=0.5, TEXT/HTML;q=0.9'],
  ])('%s that asks for HTML gets the text that people read', async (_who, accept) => {
    const list = await get('/v1/protocols', accept)
    expect([list.status, list.type, list.vary]).toEqual([200, 'text/html; charset=utf-8', 'Accept'])
    expect(list.body).toContain('href="/v1/protocols/wm-vdab-woonboog"')
    const one = await get('/v1/protocols/wm-vdab', accept)
    expect([one.status, one.type]).toEqual([200, 'text/html; charset=utf-8'])
    expect(one.body).toContain('<span class="number">Artikel 6.</span>Gegevens')
    expect(one.body).toContain('is dit document in werking')
    // The page brings its own style and has no script: the policy allows the one, not the other.
    expect(one.policy).toMatch(/style-src[^;]*'unsafe-inline'/)
    expect(one.policy).toMatch(/script-src 'self'/)
  })

  test.each(['application/pdf', 'text/html;q=0.4, application/pdf;q=0.9, */*;q=0.1'])(
    'who asks for %s gets the same text as a file to print',
    async accept => {
      const headers = { accept }
      const response = await fetch(`${gateway.url}/v1/protocols/wm-vdab`, { headers })
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        'application/pdf',
      ])
      expect(response.headers.get('vary')).toContain('Accept')
      expect(response.headers.get('content-disposition')).toBe(
        'inline; filename="wm-vdab-1.0.0.pdf"',
      )
      const bytes = Buffer.from(await response.arrayBuffer())
      const set = gateway.context.protocols.current()
      const at = new Date(response.headers.get('date') ?? '')
      const model = readableOf(set, set.protocols.get('wm-vdab')!, at)
      expect(bytes.equals(await pdfOf(model))).toBe(true)
    },
  )

  test('who asks for JSON-LD gets the terms of DPV with a context of its own', async () => {
    const { status, type, body } = await get('/v1/protocols/wm-vdab', 'application/ld+json')
    expect([status, type]).toEqual([200, 'application/ld+json; charset=utf-8'])
    expect(JSON.parse(body)).toMatchObject({
      '@context': { dpv: 'https://w3id.org/dpv#' },
      '@graph': [{ '@id': 'urn:huisbrug:protocol:wm-vdab:1.0.0', '@type': 'dpv:Process' }],
    })
  })

  test('the signatures are told as verified, with the key', async () => {
    const { body } = await get('/v1/protocols/wm-vdab', 'text/html')
    const [statement] = gateway.context.protocols.current().protocols.get('wm-vdab')!.statements
    expect(statement).toBeDefined()
    expect(body).toContain(`Sleutel: ${statement?.thumbprint}`)
    expect(body).not.toContain('Nog geen nagekeken handtekening')
  })

  test('an id that is not there is refused as before', async () => {
    const { status, body } = await get('/v1/protocols/nergens', 'text/html')
    expect([status, JSON.parse(body).code]).toEqual([422, 'HB-301'])
  })
})
