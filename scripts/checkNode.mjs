// Ends the process with a sentence where Node is too old: what is imported later would not even load. Older ones run this.
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const numbers = (text) => text.match(/\d+/g).map(Number)
const [major, minor] = numbers(engines.node)
const [ourMajor, ourMinor] = numbers(process.version)
if (ourMajor < major || (ourMajor === major && ourMinor < minor)) {
  console.error(
    `Ganvas needs Node ${major}.${minor} or newer, this is ${process.version}: https://nodejs.org has it`,
  )
  process.exit(1)
}
