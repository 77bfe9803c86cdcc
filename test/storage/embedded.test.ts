import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findEmbedded } from '../../src/db/embedded.ts'
import {
  cleanUp,
  isAlive,
  kill,
  newFolder,
  pathWith,
  postmasterPid,
  query,
  spawnProgram,
  startProgram,
  untilGone,
} from './embedded-kit.ts'

afterEach(cleanUp)

describe('a new data folder', () => {
  test('gets a durable UTF-8 database on loopback only, owned by a role that is no superuser', async () => {
    const { url } = await startProgram(newFolder())
    const [settings] = await query(
      url,
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits,
              current_setting('full_page_writes') AS pages, current_setting('listen_addresses') AS listens,  current_setting('server_encoding') AS encoding,
              current_setting('data_checksums') AS checksums, current_setting('server_version_num')::int / 10000 AS version,
              rolsuper, pg_get_userbyid(datdba) = current_user AS owner
         FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
    )
    expect(settings).toEqual({
      fsync: 'on',
      commits: 'on',
      pages: 'on',
      listens: '127.0.0.1',
      encoding: 'UTF8',
      checksums: 'on',
      version: 18,
      rolsuper: false,
      owner: true,
    })
  })

  test('opens no unix socket', async () => {
    const { url } = await startProgram(newFolder())
    expect(readFileSync('/proc/net/unix', 'utf8')).not.toContain(`.s.PGSQL.${new URL(url).port}`)
  })

  test('lets nobody in without the password, and the superuser not at all', async () => {
    const { url } = await startProgram(newFolder())
    const wrong = new URL(url)
    wrong.password = 'wrong'
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    const superuser = new URL(url)
    superuser.username = 'postgres'
    await expect(query(superuser.href, 'SELECT 1')).rejects.toMatchObject({ code: '28000' })
  })

  test('keeps the password in one file, for its owner only', async () => {
    const folder = newFolder()
    const { url, child } = await startProgram(folder)
    const password = new URL(url).password
    const file = join(folder, 'postgres.password')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await kill(child, 'SIGTERM')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name =>
      join(folder, name),
    )
    const holding = files.filter(
      name => statSync(name).isFile() && readFileSync(name).includes(password),
    )
    expect(holding).toEqual([file])
  })

  test('writes no value of a refused row to its log', async () => {
    const folder = newFolder()
    const { url } = await startProgram(folder)
    await query(url, 'CREATE TABLE person (number text PRIMARY KEY CHECK (length(number) < 5))')
    await expect(query(url, "INSERT INTO person VALUES ('85073003328')")).rejects.toThrow()
    await query(url, "INSERT INTO person VALUES ('1234')")
    await expect(query(url, "INSERT INTO person VALUES ('1234')")).rejects.toThrow()
    const log = readFileSync(join(folder, 'postgres.log'), 'utf8')
    expect(log).toContain('duplicate key value')
    expect(log).not.toMatch(/85073003328|1234'|\(1234\)/)
  })
})

describe('the end of the program', () => {
  test('a clean stop ends PostgreSQL, and the next start finds the data', async () => {
    const folder = newFolder()
    const first = await startProgram(folder)
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS value')
    const pid = postmasterPid(folder)
    expect(await kill(first.child, 'SIGTERM')).toBe(0)
    expect(isAlive(pid)).toBe(false)
    const second = await startProgram(folder)
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 1 }])
  })

  test('kill -9 leaves no orphan, loses nothing that was committed, and the next start goes on', async () => {
    const folder = newFolder()
    const first = await startProgram(folder)
    await query(first.url, 'CREATE TABLE kept (value int)')
    for (let value = 1; value <= 5; value += 1)
      await query(first.url, `INSERT INTO kept VALUES (${value})`)
    const pid = postmasterPid(folder)
    await kill(first.child, 'SIGKILL')
    const second = await startProgram(folder)
    expect(isAlive(pid)).toBe(false)
    expect(await query(second.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 5 }])
    await kill(second.child, 'SIGKILL')
    expect(await untilGone(postmasterPidOr(folder, pid))).toBe(true)
  })

  test('an orphan that outlived its program is stopped by the next start', async () => {
    const folder = newFolder()
    // Without setpriv nothing tells PostgreSQL that its program is gone.
    const first = await startProgram(folder, { env: { PATH: pathWith() } })
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS value')
    const orphan = postmasterPid(folder)
    await kill(first.child, 'SIGKILL')
    await sleep(300)
    expect(isAlive(orphan)).toBe(true)
    const second = await startProgram(folder)
    expect(isAlive(orphan)).toBe(false)
    expect(second.notes.join()).toContain('program that was killed')
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }])
  })

  test('a pid file that names a stranger does not stop the start, nor the stranger', async () => {
    const folder = newFolder()
    const first = await startProgram(folder)
    const noted = readFileSync(join(folder, 'postgres/postmaster.pid'), 'utf8')
    await kill(first.child, 'SIGTERM')
    const stranger = spawn('sleep', ['60'])
    try {
      const rest = noted.split('\n').slice(1)
      writeFileSync(join(folder, 'postgres/postmaster.pid'), [stranger.pid, ...rest].join('\n'))
      const second = await startProgram(folder)
      expect(second.error).toBe('')
      expect(isAlive(stranger.pid as number)).toBe(true)
    } finally {
      stranger.kill()
    }
  })

  test('PostgreSQL alone killed: it is started again on the same address', async () => {
    const folder = newFolder()
    const { url } = await startProgram(folder)
    const pid = postmasterPid(folder)
    process.kill(pid, 'SIGKILL')
    await untilGone(pid)
    const deadline = performance.now() + 20_000
    let answer: unknown
    while (!answer && performance.now() < deadline) {
      answer = await query(url, 'SELECT 1 AS one').catch(() => sleep(100))
    }
    expect(answer).toEqual([{ one: 1 }])
    expect(postmasterPid(folder)).not.toBe(pid)
  })
})

describe('a second program on the same data folder', () => {
  test('is refused with a message that names the first, which goes on', async () => {
    const folder = newFolder()
    const first = await startProgram(folder)
    const second = await startProgram(folder)
    expect(second.error).toContain(`another program (process ${first.child.pid})`)
    expect(second.error).toContain('HUISBRUG_DATA_DIR')
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('of several that start at once, one runs', async () => {
    const folder = newFolder()
    const all = await Promise.all([1, 2, 3].map(() => startProgram(folder)))
    expect(all.filter(one => one.url)).toHaveLength(1)
    expect(all.filter(one => one.error.includes('another program'))).toHaveLength(2)
  })

  test('a command beside it finds the running database', async () => {
    const folder = newFolder()
    expect(findEmbedded(folder)).toBeUndefined()
    const { child, url } = await startProgram(folder)
    expect(findEmbedded(folder)).toBe(url)
    await kill(child, 'SIGTERM')
    expect(findEmbedded(folder)).toBeUndefined()
  })
})

describe('a data folder that is not whole', () => {
  test.each([80, 250, 500])(
    'killed %i ms into its first start: the next start makes it',
    async after => {
      const folder = newFolder()
      const child = spawnProgram(folder)
      await sleep(after)
      await kill(child, 'SIGKILL')
      const again = await startProgram(folder)
      expect(again.error).toBe('')
      expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      await kill(again.child, 'SIGTERM')
      expect((await startProgram(folder)).error).toBe('')
      expect(readdirSync(folder).filter(name => name.includes('.new-'))).toEqual([])
    },
  )

  test('a cluster without its control file is kept aside and made again', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'postgres/base'), { recursive: true })
    writeFileSync(join(folder, 'postgres/PG_VERSION'), '18\n')
    const { url, notes } = await startProgram(folder)
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(notes.join()).toContain('incomplete')
    expect(readdirSync(folder).filter(name => name.includes('incomplete'))).toHaveLength(1)
  })

  test('a lost password file is replaced, the data stays', async () => {
    const folder = newFolder()
    const first = await startProgram(folder)
    await query(first.url, 'CREATE TABLE kept AS SELECT 3 AS value')
    await kill(first.child, 'SIGTERM')
    rmSync(join(folder, 'postgres.password'))
    const second = await startProgram(folder)
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 3 }])
    expect(new URL(second.url).password).not.toBe(new URL(first.url).password)
  })

  test('another major version is refused, with what to do', async () => {
    const folder = newFolder()
    const { child } = await startProgram(folder)
    await kill(child, 'SIGTERM')
    writeFileSync(join(folder, 'postgres/PG_VERSION'), '17\n')
    expect((await startProgram(folder)).error).toMatch(/made by PostgreSQL 17.*pg_dump/)
  })

  test('a folder that is a file is refused, with what to do', async () => {
    const file = join(newFolder(), 'file')
    writeFileSync(file, '')
    expect((await startProgram(file)).error).toMatch(/cannot be written.*HUISBRUG_DATA_DIR/)
  })
})

/** The pid file's, or that one where a clean end has already removed the file. */
function postmasterPidOr(folder: string, pid: number): number {
  return existsSync(join(folder, 'postgres/postmaster.pid')) ? postmasterPid(folder) : pid
}
