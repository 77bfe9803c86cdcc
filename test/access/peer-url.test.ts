import fc from 'fast-check'
import { assertAllowedUrl, isLoopbackAddress, isPublicAddress } from '../../src/access/peer-url.ts'
import { Refusal } from '../../src/errors.ts'

function faultOf(url: string, allowLoopback = false): string | undefined {
  try {
    assertAllowedUrl(url, { allowLoopback, pointer: '/url' })
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    expect(error.code).toBe('HB-512')
    expect(error.reasons[0]?.pointer).toBe('/url')
    return error.reasons[0]?.rule
  }
}

const PUBLIC = 'outbound: public addresses only'
const HTTPS = 'outbound: https only'

describe('addresses of peers', () => {
  test.each([
    'https://hook.woonmaatschappij.example/events?x=1',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]:8443/hook',
    'https://xn--bcher-kva.example/',
  ])('%s is allowed', url => {
    expect(faultOf(url)).toBeUndefined()
  })

  test.each([
    ['http://hook.example/', HTTPS],
    ['file:///etc/passwd', HTTPS],
    ['ftp://hook.example/', HTTPS],
    ['gopher://hook.example/', HTTPS],
    ['data:text/plain,x', HTTPS],
    ['https://user:secret@hook.example/', 'outbound: no user name or password'],
    ['https://user@hook.example/', 'outbound: no user name or password'],
    ['https://hook.example/#part', 'outbound: no fragment'],
    ['https://hook.example/#', 'outbound: no fragment'],
    ['/relative', 'outbound: not a URL'],
    ['', 'outbound: not a URL'],
    [`https://hook.example/${'a'.repeat(2_100)}`, 'outbound: not a URL'],
  ])('%s is refused', (url, fault) => {
    expect(faultOf(url)).toBe(fault)
  })

  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://168.63.129.16/',
    'https://192.0.0.192/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[::7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001::1]/',
    'https://[2001:db8::1]/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[ff02::1]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://app.localhost/',
    'https://intranet/',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://①②⑦.⓪.⓪.①/',
  ])('%s is not public', url => {
    expect(faultOf(url)).toBe(PUBLIC)
  })

  test.each([
    'http://localhost:3000/x',
    'http://127.0.0.1:9/',
    'http://[::1]:9/',
    'https://127.1/',
  ])('%s is allowed on loopback only where that is on', url => {
    expect(faultOf(url, true)).toBeUndefined()
    expect(faultOf(url)).toBeDefined()
  })

  test('with loopback on, other inner addresses and plain http stay closed', () => {
    expect(faultOf('https://10.0.0.1/', true)).toBe(PUBLIC)
    expect(faultOf('https://169.254.169.254/', true)).toBe(PUBLIC)
    expect(faultOf('http://hook.example/', true)).toBe(HTTPS)
    expect(faultOf('http://10.0.0.1/', true)).toBe(HTTPS)
    expect(faultOf('http://[::ffff:127.0.0.1]/', true)).toBe(HTTPS)
    expect(faultOf('http://localhost.evil.example/', true)).toBe(HTTPS)
  })

  test('no address is both public and loopback, and what is not an address is neither', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), address => {
        expect(isPublicAddress(address) && isLoopbackAddress(address)).toBe(false)
      }),
    )
    expect(isPublicAddress('fe80::1%eth0')).toBe(false)
    expect(isPublicAddress('2606:4700::1%eth0')).toBe(false)
    expect(isLoopbackAddress('::ffff:127.0.0.1')).toBe(false)
  })

  test('an IPv4 address inside an IPv6 one is never public', () => {
    fc.assert(
      fc.property(fc.ipV4(), address => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(false)
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(false)
      }),
    )
  })

  test('the refusal does not repeat the address', () => {
    const url = 'http://user:geheim@hook.example/pad'
    try {
      assertAllowedUrl(url)
      throw new Error('it was let through')
    } catch (error) {
      expect(
        JSON.stringify({ ...(error as Refusal), message: (error as Refusal).message }),
      ).not.toMatch(/geheim|pad|hook\.example/)
    }
  })
})
