/** In every text that is tried, and nowhere else. */
export const MARK = 'zq7intrusion'
/** What a template makes of the product in TEXTS. */
export const PRODUCT = String(1337 * 7331)

/** Texts that mean something to a program further on, by what they are. */
export const TEXTS: Readonly<Record<string, string>> = {
  'SQL that ends a statement': `${MARK}'; DROP TABLE message; --`,
  'SQL that waits': `${MARK}' OR pg_sleep(30) IS NULL --`,
  'an element of HTML': `${MARK}<script>alert(1)</script>`,
  'an attribute of HTML': `${MARK}" onmouseover="alert(1)`,
  'a header': `${MARK}\r\nSet-Cookie: planted=1\r\n\r\n<html>`,
  'marks of direction': `${MARK}\u202Egnp.exe\u2066`,
  templates: `${MARK}<%= 1337*7331 %>{{1337*7331}}\${1337*7331}`,
  'a path': `${MARK}/../../../../etc/passwd`,
  'a NUL': `${MARK}\u0000.json`,
  'half a character': `${MARK}\ud800`,
  'a command': `${MARK}$(touch /tmp/${MARK});\`id\`|id`,
  'a formula': `=${MARK}+cmd|' /C calc'!A1`,
  'a look-up': `\${jndi:ldap://127.0.0.1:9/${MARK}}`,
  'more JSON': `${MARK}","role":"privacy-officer","x":"`,
  'an entity of XML': `${MARK}<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;`,
  'very long': `${MARK}${'A'.repeat(15_000)}`,
}

/** Those that mean something to a page, its address or what is behind it; forms have many fields. */
export const IN_PAGES = [
  'SQL that waits',
  'an element of HTML',
  'an attribute of HTML',
  'a header',
  'marks of direction',
  'templates',
  'a NUL',
  'very long',
] as const
