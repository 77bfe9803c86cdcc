import { isInNetworks, parseNetworks } from '../../src/access/networks.ts'
import { assertAllowedUrl, isAllowedAddress, type Reach } from '../../src/access/peer-url.ts'
import { Refusal } from '../../src/errors.ts'

function faultOf(url: string, reach: Reach = {}): string | undefined {
  try {
    assertAllowedUrl(url, reach)
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.reasons[0]?.rule
  }
}

const OFFICE = { networks: ['10.1.2.0/24', 'fd12:3456::/48'] }

// An address of each kind that is not public, and one that is.
const CLOSED_V4 = [
  '0.0.0.0',
  '10.0.0.1',
  '10.1.3.1',
  '100.64.0.1',
  '127.0.0.1',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
]

const parts = (address: string) => address.split('.').map(Number)
const number = (address: string) => parts(address).reduce((sum, part) => sum * 256 + part, 0)
const hex = (part: number) => part.toString(16)
const pair = (address: string) => {
  const [a = 0, b = 0, c = 0, d = 0] = parts(address)
  return `${hex(a * 256 + b)}:${hex(c * 256 + d)}`
}

/** Ways of writing an IPv4 address that some program takes for that address. */
const FORMS: Record<string, (address: string) => string> = {
  dotted: address => address,
  'a final dot': address => `${address}.`,
  decimal: address => String(number(address)),
  hexadecimal: address => `0x${number(address).toString(16)}`,
  'hexadecimal parts': address =>
    parts(address)
      .map(part => `0x${hex(part)}`)
      .join('.'),
  octal: address =>
    parts(address)
      .map(part => `0${part.toString(8)}`)
      .join('.'),
  'three parts': address => {
    const [a = 0, b = 0, c = 0, d = 0] = parts(address)
    return `${a}.${b}.${c * 256 + d}`
  },
  'full-width digits': address =>
    address.replace(/\d/g, digit => String.fromCodePoint(0xff10 + Number(digit))),
  'v4-mapped': address => `[::ffff:${address}]`,
  'v4-mapped in hexadecimal': address => `[::ffff:${pair(address)}]`,
  'v4-compatible': address => `[::${pair(address)}]`,
  NAT64: address => `[64:ff9b::${address}]`,
  '6to4': address => `[2002:${pair(address)}::1]`,
}

describe.each(CLOSED_V4)('%s', address => {
  test.each(Object.entries(FORMS))(
    'as %s is not public, whatever else is allowed',
    (_name, form) => {
      const url = `https://${form(address)}/`
      expect(faultOf(url)).toBe('outbound: public addresses only')
      expect(faultOf(url, OFFICE)).toBe('outbound: public addresses only')
    },
  )
})

const CLOSED_V6 = [
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'ff02::1',
  '2001::1',
  '2001:db8::1',
  '3fff::1',
  '64:ff9b:1::1',
  '100::1',
]

test.each(CLOSED_V6)('%s is not public, in a URL nor as what a name resolves to', address => {
  expect(faultOf(`https://[${address}]/`)).toBe('outbound: public addresses only')
  expect(isAllowedAddress(address, OFFICE)).toBe(false)
})

test.each([
  'https://[fe80::1%25eth0]/',
  'https://[fe80::1%eth0]/',
  'https://256.256.256.256/',
  'https://1.2.3.4.5/',
  'https://hook.exa\tmple/',
  'https://hook.example/\n',
  'https://hook.example\\@10.0.0.1/',
  'https:\\\\hook.example/',
  ' https://hook.example/',
  'https://hook\u200b.example/',
  'https://hook.example/\u202etxt',
  'https://[::1',
  'https://',
])('%j is no URL that a person can read', url => {
  expect(faultOf(url)).toBe('outbound: not a URL')
})

test.each([
  ['https://user@hook.example/', 'no user name or password'],
  ['https://@hook.example/', 'no user name or password'],
  ['https://:secret@hook.example/', 'no user name or password'],
  ['https://10.0.0.1@hook.example/', 'no user name or password'],
  ['ftp://hook.example/', 'https only'],
  ['file:///etc/passwd', 'https only'],
  ['file://hook.example/x', 'https only'],
  ['gopher://hook.example/', 'https only'],
  ['javascript:alert(1)', 'https only'],
  ['wss://hook.example/', 'https only'],
  ['http://hook.example/', 'https only'],
  ['https://hook.example:22/', 'port 443 or from 1024 on'],
  ['https://hook.example:25/', 'port 443 or from 1024 on'],
  ['https://hook.example:80/', 'port 443 or from 1024 on'],
  ['https://hook.example:1023/', 'port 443 or from 1024 on'],
  ['https://hook.example:0/', 'port 443 or from 1024 on'],
  ['https://localhost../', 'public addresses only'],
  ['https://a..example/', 'public addresses only'],
  ['https://.example/', 'public addresses only'],
  ['https://localhost./', 'public addresses only'],
  ['https://hook.internal./', 'public addresses only'],
])('%s is refused: %s', (url, fault) => {
  expect(faultOf(url)).toBe(`outbound: ${fault}`)
})

test.each([
  'https://hook.example:443/',
  'https://hook.example:1024/',
  'https://hook.example:65535/',
  'https://hook.example./',
  'https://b\u00fccher.example/',
  'https://\u0430\u0440\u0440le.example/',
  'https://93.184.215.14/',
])('%s is open', url => {
  expect(faultOf(url)).toBeUndefined()
})

describe('networks that an operator allows for a party', () => {
  test.each([
    'https://10.1.2.3/',
    'https://0x0a010203/',
    'https://[fd12:3456::1]/',
    'https://api.internal/',
    'https://api/',
  ])('%s may be called then, by https only', url => {
    expect(faultOf(url)).toBe('outbound: public addresses only')
    expect(faultOf(url, OFFICE)).toBeUndefined()
    expect(faultOf(url.replace('https', 'http'), OFFICE)).toBe('outbound: https only')
  })

  test.each(['https://localhost/', 'https://127.0.0.1/', 'https://app.localhost/'])(
    'never this host: %s',
    url => {
      expect(faultOf(url, OFFICE)).toBe('outbound: public addresses only')
    },
  )

  test.each([
    ['10.1.2.255', true],
    ['10.1.1.255', false],
    ['10.1.3.0', false],
    ['fd12:3456::1', true],
    ['fd12:3456:0:ffff::1', true],
    ['fd12:3457::1', false],
    ['fd12:3456::1%eth0', false],
    ['::ffff:10.1.2.3', false],
    ['::ffff:a01:203', false],
    ['64:ff9b::a01:203', false],
    ['93.184.215.14', true],
    ['no address', false],
  ])('a name that resolves to %s: %s', (address, allowed) => {
    expect(isAllowedAddress(address, OFFICE)).toBe(allowed)
  })

  test('what gives rights of the machine stays closed, however wide the network', () => {
    const wide = ['100.64.0.0/10', 'fc00::/7']
    expect(isInNetworks('100.100.100.201', wide)).toBe(true)
    for (const address of ['100.100.100.200', 'fd00:ec2::254', 'fd00:0ec2:0::0254']) {
      expect(isInNetworks(address, wide)).toBe(false)
    }
  })

  test('are kept in one form, each once', () => {
    const given = ['192.168.7.9', 'FD12:3456:0::/48', '10.0.0.0/8', ' 10.0.0.0/8 ']
    expect(parseNetworks(given)).toEqual(['10.0.0.0/8', '192.168.7.9/32', 'fd12:3456::/48'])
  })

  test.each([
    ['', 'address and a prefix'],
    ['10.0.0.0/33', 'address and a prefix'],
    ['10.0.0.0/-1', 'address and a prefix'],
    ['10.0.0.0/8/8', 'address and a prefix'],
    ['10.0.0.0/', 'address and a prefix'],
    ['api.internal', 'address and a prefix'],
    ['fd00::%eth0/48', 'address and a prefix'],
    ['10.1.2.3/8', 'first address'],
    ['fd12:3456::1/48', 'first address'],
    ['0.0.0.0/0', 'only private'],
    ['8.8.8.0/24', 'only private'],
    ['10.0.0.0/7', 'only private'],
    ['127.0.0.0/8', 'only private'],
    ['169.254.0.0/16', 'only private'],
    ['::/0', 'only private'],
    ['::1', 'only private'],
    ['fe80::/10', 'only private'],
    ['::ffff:10.0.0.0/104', 'only private'],
    ['2000::/3', 'only private'],
  ])('%j is refused: %s', (text, fault) => {
    expect(parseNetworks([text])).toEqual({ fault: expect.stringContaining(fault) })
  })

  test('and there are few of them', () => {
    const many = Array.from({ length: 17 }, (_, i) => `10.${i}.0.0/16`)
    expect(parseNetworks(many)).toEqual({ fault: expect.stringContaining('at most') })
  })
})
