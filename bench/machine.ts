import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { findBinaries } from '../src/db/embedded-binaries.ts'

/** What the figures were measured on. */
export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  os: string
  node: string
  v8: string
  ajv: string
  express: string
  bullmq: string
  axios: string
  jose: string
  pg: string
  libsodium: string
  /** The one that comes with the program; `none` where there is none for this platform. */
  postgresql: string
  /** The one on the PATH, or `none`. */
  redis: string
  /** Processes that had work before it began, the mean of a minute (none on Windows). */
  load: number
}

// Beyond this, other work takes part of every figure.
const BUSY_LOAD_A_CORE = 0.5

/** Reads the machine, its load and the versions that matter. */
export function readMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    ajv: versionOf('ajv'),
    express: versionOf('express'),
    bullmq: versionOf('bullmq'),
    axios: versionOf('axios'),
    jose: versionOf('jose'),
    pg: versionOf('pg'),
    libsodium: versionOf('libsodium-wrappers-sumo'),
    postgresql: postgresVersion(),
    redis: versionOn('redis-server', /v=(\S+)/),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

/** The machine in lines for people. */
export function describeMachine(machine: Machine): string[] {
  const { cpu, cores, memoryGiB, os, node, v8, load, ...versions } = machine
  const names = { ajv: 'ajv', postgresql: 'PostgreSQL', redis: 'Redis', libsodium: 'libsodium' }
  const others = Object.entries(versions)
    .map(([name, version]) => `${names[name as keyof typeof names] ?? name} ${version}`)
    .join(', ')
  return [`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}`, `Node ${node}, V8 ${v8}, ${others}`]
}

/** A warning where other work runs, so that the figures mean little. */
export function warnOfLoad({ load, cores }: Machine): string | undefined {
  if (load <= BUSY_LOAD_A_CORE * cores) return undefined
  return `The load is ${load} on ${cores} cores: other work runs, so only ratios mean anything, and little.`
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function postgresVersion(): string {
  try {
    return versionOn(join(findBinaries(tmpdir()), 'bin', 'postgres'), /([\d.]+)\s*$/)
  } catch {
    return 'none'
  }
}

function versionOn(command: string, pattern: RegExp): string {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore']
    const said = execFileSync(command, ['--version'], { encoding: 'utf8', stdio })
    return pattern.exec(said)?.[1] ?? 'unknown'
  } catch {
    return 'none'
  }
}
