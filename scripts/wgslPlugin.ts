// Shaders in a built page: without their comments, which Vite's `?raw` would carry along. Lines stay where they are, for errors.
import { readFile } from 'node:fs/promises'
import type { Plugin } from 'vite'

const RAW = /\.wgsl\?raw$/

export const wgslPlugin = (): Plugin => ({
  name: 'wgsl-without-comments',
  apply: 'build',
  enforce: 'pre',
  async load(id) {
    if (!RAW.test(id)) return
    const text = await readFile(id.replace('?raw', ''), 'utf8')
    return `export default ${JSON.stringify(text.replace(/^\s*\/\/.*$/gm, ''))}`
  },
})
