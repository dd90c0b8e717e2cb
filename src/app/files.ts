/** Files that the user opens, drops or saves. */
import { find } from './dom.ts'

/** Calls back with every file that is picked or dropped, and whether it is one to invert. */
export function onFiles(open: (file: File, isTarget: boolean) => void): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[type="file"]'))
    input.onchange = () => {
      const file = input.files?.[0]
      if (file) open(file, input.id === 'target')
      input.value = '' // so that the same file can be picked again
    }
  addEventListener('dragover', (event) => {
    event.preventDefault()
    document.body.classList.add('dropping')
  })
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) document.body.classList.remove('dropping')
  })
  addEventListener('drop', (event) => {
    event.preventDefault()
    document.body.classList.remove('dropping')
    const file = event.dataTransfer?.files[0]
    if (file) open(file, file.type.startsWith('image/'))
  })
}

export function download(file: Uint8Array<ArrayBuffer>, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([file]))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** A sentence that stays until it is dismissed or replaced; undefined takes it away. */
export function banner(text: string | undefined): void {
  const element = find('#banner')
  element.hidden = text === undefined
  find('#banner p').textContent = text ?? ''
  find('#banner button').onclick = () => banner(undefined)
}
