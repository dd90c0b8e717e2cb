// The memory of a process and of all that it started, as Linux tells it in /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Process {
  pid: number
  /** `node`, or what the process is to Chrome: `browser`, `renderer`, `gpu-process`, `utility`, … */
  kind: string
  /** Resident bytes, shared ones included. */
  rss: number
}

/** The process `pid` and its descendants. Throws an Error where there is no /proc. */
export function processTree(pid: number, proc = '/proc'): Process[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync(proc)) {
    const parent = /^\d+$/.test(name) && parentOf(join(proc, name))
    if (parent) parents.set(Number(name), parent)
  }
  const isWithin = (id: number): boolean => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) if (at === pid) return true
    return false
  }
  return [...parents.keys()].filter(isWithin).flatMap((id) => describe(id, join(proc, String(id))))
}

/** A process may end while it is looked at. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const field = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1])

const parentOf = (folder: string): number => field(read(join(folder, 'status')), 'PPid')

function describe(pid: number, folder: string): Process[] {
  const command = read(join(folder, 'cmdline')).split('\0').join(' ')
  const kib = field(read(join(folder, 'status')), 'VmRSS')
  const type = / --type=([\w-]+)/.exec(command)?.[1]
  const program = command.split(' ', 1)[0].split('/').at(-1) ?? ''
  const kind = type ?? (/chrom/.test(program) ? 'browser' : program)
  return Number.isFinite(kib) && kind ? [{ pid, kind, rss: kib * 1024 }] : []
}
