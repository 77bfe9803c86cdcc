import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  cleanUp,
  cloneProgram,
  isRoot,
  kill,
  newFolder,
  OTHER,
  OTHER_USER,
  pathWith,
  postmasterPid,
  query,
  removeClones,
  removeLinks,
  startProgram,
  startWithoutNamespaces,
  untilGone,
} from './embedded-kit.ts'

afterEach(cleanUp)
afterAll(removeClones)

const asRoot = isRoot ? describe : describe.skip
const ONE = [{ one: 1 }]

test('a clone that other users cannot enter, whose npm ran no install scripts', async () => {
  const { clone, node } = cloneProgram(0o700)
  removeLinks(clone)
  const { url, child } = await startProgram(join(clone, 'data'), { clone, node })
  expect(await query(url, 'SELECT 1 AS one')).toEqual(ONE)
  const pid = postmasterPid(join(clone, 'data'))
  await kill(child, 'SIGKILL')
  expect(await untilGone(pid)).toBe(true)
})

asRoot('started by root', () => {
  test('PostgreSQL is not run by root inside its namespace, and its files stay those of root', async () => {
    const folder = newFolder()
    const { url } = await startProgram(folder)
    expect(await query(url, 'SELECT 1 AS one')).toEqual(ONE)
    expect(statSync(join(folder, 'postgres')).uid).toBe(0)
  })

  test('where user namespaces are forbidden, in a clone that others cannot enter; then allowed again', async () => {
    const { clone, node } = cloneProgram(0o700)
    const data = join(clone, 'data')
    const first = await startWithoutNamespaces(data, clone, node)
    expect(first.error).toBe('')
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one')
    expect(statSync(join(data, 'postgres')).uid).toBe(OTHER_USER)
    const pid = postmasterPid(data)
    await kill(first.child, 'SIGKILL')
    expect(await untilGone(pid)).toBe(true)
    const second = await startProgram(data, { clone, node })
    expect(await query(second.url, 'SELECT one FROM kept')).toEqual(ONE)
    expect(statSync(join(data, 'postgres')).uid).toBe(0)
  })

  test('where the machine has neither unshare nor setpriv: from a copy, as nobody', async () => {
    const folder = newFolder()
    const { url } = await startProgram(folder, { env: { PATH: pathWith() } })
    expect(await query(url, 'SELECT 1 AS one')).toEqual(ONE)
    expect(existsSync(join(folder, 'postgres.binaries/bin/postgres'))).toBe(true)
    expect(statSync(join(folder, 'postgres')).uid).toBe(OTHER_USER)
  })

  test('the same in a folder that nobody can enter: refused, with what to do', async () => {
    const closed = newFolder(0o700)
    const { error } = await startProgram(join(closed, 'data'), { env: { PATH: pathWith() } })
    expect(error).toMatch(/HUISBRUG_DATA_DIR.*HUISBRUG_DATABASE_URL/)
  })
})

asRoot('started by an ordinary user', () => {
  const { clone, node } = isRoot ? cloneProgram(0o755) : { clone: '', node: '' }
  const data = () => join(newFolder(0o777), 'data')

  test('with setpriv: kill -9 takes PostgreSQL along', async () => {
    const folder = data()
    const { url, child } = await startProgram(folder, { before: OTHER, clone, node })
    expect(await query(url, 'SELECT 1 AS one')).toEqual(ONE)
    expect(statSync(join(folder, 'postgres')).uid).toBe(OTHER_USER)
    const pid = postmasterPid(folder)
    await kill(child, 'SIGKILL')
    expect(await untilGone(pid)).toBe(true)
  })

  test('without setpriv', async () => {
    const before = ['/usr/bin/setpriv', ...OTHER.slice(1)]
    const env = { PATH: pathWith() }
    const { url } = await startProgram(data(), { before, env, clone, node })
    expect(await query(url, 'SELECT 1 AS one')).toEqual(ONE)
  })

  test('without a name, as containers do it', async () => {
    const before = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups']
    const { url } = await startProgram(data(), { before, clone, node })
    expect(await query(url, 'SELECT 1 AS one')).toEqual(ONE)
  })

  test('in a folder it may not write: refused, with what to do', async () => {
    const closed = newFolder(0o755)
    const { error } = await startProgram(join(closed, 'data'), { before: OTHER, clone, node })
    expect(error).toMatch(/cannot be written.*HUISBRUG_DATA_DIR/)
  })
})
