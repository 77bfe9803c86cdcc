import { hash } from 'node:crypto'
import { AuditError } from './errors.ts'

/** Bytes of a SHA-256 hash. */
export const HASH_BYTES = 32

/** Root of the empty tree (RFC 6962, 2.1). */
export const EMPTY_ROOT = hash('sha256', new Uint8Array(0), 'buffer')

/** A run of leaves, from `start` up to but not including `end`. */
export interface Range {
  start: number
  end: number
}

// Hashing is synchronous, so one buffer serves every node and nothing is allocated but the result.
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES)
nodeInput[0] = 1

/** RFC 6962 leaf hash, SHA-256(0x00 || entry), 32 bytes. */
export function leafHash(entry: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(1 + entry.length)
  input[0] = 0
  input.set(entry, 1)
  return hash('sha256', input, 'buffer')
}

/** RFC 6962 node hash, SHA-256(0x01 || left || right), 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return hash('sha256', nodeInput, 'buffer')
}

/** RFC 6962 root (MTH) over leaf hashes. */
export function rootOf(leaves: readonly Uint8Array[]): Buffer {
  const frontier = new Frontier()
  for (const leaf of leaves) frontier.append(leaf)
  return frontier.root()
}

/**
 * Called for each complete subtree that an append makes, leaves included: 2^height leaves, the
 * n-th.
 */
export type NodeListener = (height: number, n: number, node: Uint8Array) => void

/**
 * The right edge of a growing tree: the roots of its complete subtrees from left to right, at most
 * 53 hashes. Appending costs about one node hash a leaf.
 */
export class Frontier {
  #size: number
  #nodes: Uint8Array[]

  /** @param nodes roots of `decompose({ start: 0, end: size })`, in that order */
  constructor(size = 0, nodes: readonly Uint8Array[] = []) {
    if (nodes.length !== decompose({ start: 0, end: size }).length)
      throw new AuditError('range-outside-tree', `these are not the subtrees of a tree of ${size}`)
    this.#size = size
    this.#nodes = [...nodes]
  }

  get size(): number {
    return this.#size
  }

  append(leaf: Uint8Array, listener?: NodeListener): void {
    let node = leaf
    let n = this.#size
    let height = 0
    listener?.(0, n, node)
    for (; n % 2 === 1; n = (n - 1) / 2) {
      node = nodeHash(this.#nodes.pop()!, node)
      height++
      listener?.(height, (n - 1) / 2, node)
    }
    this.#nodes.push(node)
    this.#size++
  }

  /** Root of the tree as it is now. */
  root(): Buffer {
    return foldRight(this.#nodes)
  }

  clone(): Frontier {
    return new Frontier(this.#size, this.#nodes)
  }
}

/**
 * The complete subtrees that a range is made of, from left to right, if the range is itself a
 * subtree of an RFC 6962 tree (its start a multiple of the power of two at or above its length).
 */
export function decompose({ start, end }: Range): Range[] {
  const parts: Range[] = []
  for (let at = start; at < end; ) {
    let length = 1
    while (length * 2 <= end - at) length *= 2
    parts.push({ start: at, end: at + length })
    at += length
  }
  return parts
}

/** Root of a range from the roots of its `decompose` parts; of nothing: the empty root. */
export function foldRight(nodes: readonly Uint8Array[]): Buffer {
  let root = nodes.at(-1)
  if (!root) return EMPTY_ROOT
  for (let i = nodes.length - 2; i >= 0; i--) root = nodeHash(nodes[i]!, root)
  return Buffer.from(root)
}

/** Largest power of two smaller than `n` (n > 1): where RFC 6962 splits a tree. */
export function splitPoint(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
