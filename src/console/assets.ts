import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RequestHandler } from 'express'

const STYLE = readFileSync(new URL('./assets/console.css', import.meta.url))
const LIVE = readFileSync(new URL('./assets/live.js', import.meta.url))
const ICON = readFileSync(new URL('./assets/icon.svg', import.meta.url))

const FILES: Record<string, { body: Buffer; type: string }> = {
  'console.css': { body: STYLE, type: 'text/css' },
  'live.js': { body: LIVE, type: 'text/javascript' },
  'icon.svg': { body: ICON, type: 'image/svg+xml' },
}

/** Changes with the files, so that a browser never keeps an old style sheet. */
export const ASSETS_VERSION = createHash('sha256')
  .update(STYLE)
  .update(ICON)
  .update(LIVE)
  .digest('hex')
  .slice(0, 12)

/** Serves the console's own files from memory, for a year: their address carries their version. */
export const serveAsset: RequestHandler = (req, res, next) => {
  const name = String(req.params['name'])
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined
  if (!file) return next()
  res.set('Cache-Control', 'public, max-age=31536000, immutable')
  res.type(file.type).send(file.body)
}
