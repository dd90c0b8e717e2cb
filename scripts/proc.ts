// What the system tells of processes.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Told {
  /** When it started: another process that has its number later on differs in this. */
  started: string
  parent: number
  /** It has ended, and its parent has not asked for it yet. */
  hasEnded: boolean
}

/** Undefined where there is no such process, or the system does not tell. */
export function told(pid: number): Told | undefined {
  if (process.platform === 'linux') return toldByLinux(pid)
  if (process.platform === 'win32') return undefined
  const { stdout } = spawnSync('ps', ['-o', 'stat=,ppid=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const [, state, parent, started] = /^(\S+)\s+(\d+)\s+(.+)/.exec(stdout?.trim() ?? '') ?? []
  return started ? { started, parent: Number(parent), hasEnded: state.startsWith('Z') } : undefined
}

function toldByLinux(pid: number): Told | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // After the program's name, which may hold anything: the state, the parent, and as the 20th the ticks from the boot on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { started: `${boot} ${fields[19]}`, parent: Number(fields[1]), hasEnded: fields[0] === 'Z' }
  } catch {
    return undefined
  }
}

/** Whether there is a process `pid`, and, where that can be told, it is the one that `started` then. */
export function isRunning(pid: number, started?: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false // else it is another user's
  }
  const now = told(pid)
  return !now?.hasEnded && (started === undefined || now === undefined || now.started === started)
}
