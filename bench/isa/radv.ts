/** Mesa's RADV on a GPU that is not there: finding the driver and its no-op DRM shim, and compiling for a chip. */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Driver {
  /** The description by which the Vulkan loader finds RADV. */
  icd: string
  /** The library that answers in place of the kernel's driver. */
  shim: string
}

/** Where Linux distributions put them below `top`; undefined where either is missing. */
export function findDriver(top = '/'): Driver | undefined {
  const list = (folder: string): string[] =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  const icds = ['usr/share', 'usr/local/share', 'etc'].flatMap((base) =>
    list(join(top, base, 'vulkan/icd.d')),
  )
  const icd = icds.find((file) => /radeon_icd[^/]*\.json$/.test(file))
  const libraries = ['usr/lib', 'usr/lib64', 'usr/local/lib'].flatMap((base) => [
    join(top, base),
    ...list(join(top, base)),
  ])
  const shim = libraries
    .map((folder) => join(folder, 'libamdgpu_noop_drm_shim.so'))
    .find((file) => existsSync(file))
  return icd && shim ? { icd, shim } : undefined
}

export interface Run {
  status: number | null
  stdout: string
  /** What RADV said. */
  log: string
}

/** Runs `node ...args` so that Vulkan's only adapter is `chip`, named as Mesa does, and RADV explains what it compiles. */
export function runOn(chip: string, { icd, shim }: Driver, args: string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-isa-'))
  const file = join(folder, 'log')
  const log = openSync(file, 'w')
  try {
    const { status, stdout } = spawnSync(process.execPath, args, {
      stdio: ['ignore', 'pipe', log],
      encoding: 'utf8',
      env: {
        ...process.env,
        LD_PRELOAD: shim,
        AMDGPU_GPU_ID: chip,
        VK_DRIVER_FILES: icd,
        VK_ICD_FILENAMES: icd, // the same for Vulkan loaders before 1.3.207
        XDG_RUNTIME_DIR: folder,
        RADV_DEBUG: 'shaderstats,asm,nocache',
        MESA_SHADER_CACHE_DISABLE: '1', // what comes from a cache is not explained
      },
    })
    return { status, stdout, log: readFileSync(file, 'utf8') }
  } finally {
    closeSync(log)
    rmSync(folder, { recursive: true })
  }
}
