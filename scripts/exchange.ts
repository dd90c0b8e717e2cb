// The files that a command and its page give each other by name, whatever the page's host.

export interface Files {
  /** Files that the page may read, by name. */
  files: Record<string, Uint8Array | undefined>
  /** Takes a file that it made. */
  take(name: string, content: Uint8Array): void
}

/** Folders and a file, none of which begins with a dot: it stays below the folder where the command puts it. */
const NAME = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/

/** The file that the page asks for; undefined when there is none. */
export const giveFile = ({ files }: Files, name: string): Uint8Array | undefined =>
  Object.hasOwn(files, name) ? files[name] : undefined

/** Hands a file of the page's to the command. Throws an Error for a name that could lead out of the command's folder. */
export function takeFile(files: Files, name: string, content: Uint8Array): void {
  if (!NAME.test(name))
    throw new Error(`the page made a file called '${name}': expected letters, digits, '.', '-', '_' and '/'`)
  files.take(name, content)
}
