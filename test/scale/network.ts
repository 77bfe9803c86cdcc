import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const BRIDGE = 'hosts'
const NETWORK = '10.77.0'
/** All hosts, in CIDR form. */
export const HOSTS = `${NETWORK}.0/24`
/** Where this program is, for the hosts. */
export const OUTSIDE = `${NETWORK}.1`
const INSIDE = 'HUISBRUG_SCALE_INSIDE'
const TIED = ['setpriv', '--pdeathsig', 'KILL']

/** A host of its own on the network: a Linux network namespace with one cable. */
export interface Host {
  name: string
  address: string
  /** Runs a program there; it ends with this one. */
  spawn(words: string[], options?: SpawnOptions): ChildProcess
  /** Pulls the cable: what is sent is lost, and nobody is told. */
  cut(): void
  mend(): void
}

/** Why this machine lets nobody make network namespaces, or undefined where it does. */
export function whyNoNetwork(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  const words = [...namespaced(), 'ip', 'link', 'add', 'probe0', 'type', 'veth']
  const { status, stderr, error } = spawnSync(words[0] as string, words.slice(1), {
    encoding: 'utf8',
  })
  if (status === 0) return undefined
  return error?.message ?? (stderr.trim().split('\n').at(-1) || 'no reason given')
}

/** The folder that this process was given, where it is in a network of its own already. */
export function insideWith(): string | undefined {
  return process.env[INSIDE]
}

/** Runs this program again in a network of its own, which is gone when it ends. @returns its exit code */
export async function enterNetwork(folder: string): Promise<number> {
  const words = [...namespaced(), ...TIED, process.execPath, ...process.execArgv]
  const own = [...words.slice(1), ...process.argv.slice(1)]
  const child = spawn(words[0] as string, own, {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: folder },
  })
  // Ctrl-C reaches both; the inner one tidies up and ends.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise(resolve => child.once('close', code => resolve(code ?? 1)))
}

function namespaced(): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return ['unshare', ...asRoot, '--net']
}

/** Makes a switch, and a host with a cable to it for each name. */
export async function openHosts<Name extends string>(
  names: readonly Name[],
): Promise<Record<Name, Host>> {
  ip('link set lo up')
  ip(`link add ${BRIDGE} type bridge`)
  ip(`addr add ${OUTSIDE}/24 dev ${BRIDGE}`)
  ip(`link set ${BRIDGE} up`)
  const hosts: Partial<Record<Name, Host>> = {}
  for (const [index, name] of names.entries())
    hosts[name] = await openHost(name, `${NETWORK}.${10 + index}`)
  return hosts as Record<Name, Host>
}

async function openHost(name: string, address: string): Promise<Host> {
  // A namespace lives as long as a process in it.
  const holder = spawn('unshare', ['--net', ...TIED, 'sleep', 'infinity'], { stdio: 'ignore' })
  const pid = holder.pid as number
  while (spaceOf(pid) === spaceOf('self')) await sleep(5)
  const cable = `to-${name}`
  ip(`link add ${cable} type veth peer name eth0 netns ${pid}`)
  ip(`link set ${cable} master ${BRIDGE} up`)
  const enter = ['nsenter', `--net=/proc/${pid}/ns/net`]
  for (const words of [`addr add ${address}/24 dev eth0`, 'link set eth0 up', 'link set lo up'])
    run([...enter, 'ip', ...words.split(' ')])
  return {
    name,
    address,
    spawn: (words, options = {}) =>
      spawn('nsenter', [...enter.slice(1), ...TIED, ...words], { detached: true, ...options }),
    cut: () => ip(`link set ${cable} down`),
    mend: () => ip(`link set ${cable} up`),
  }
}

function spaceOf(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/net`)
}

function ip(words: string): void {
  run(['ip', ...words.split(' ')])
}

function run(words: string[]): void {
  const { status, stderr } = spawnSync(words[0] as string, words.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr.trim()}`)
}
