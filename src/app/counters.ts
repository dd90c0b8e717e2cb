/** The numbers beside the picture, and what the adapter is. */
import { find, grouped, mebibytes, short } from './dom.ts'

export class Counters {
  /** On the GPU, in use or kept for reuse. */
  bytes = 0
  adapter = { name: '', isSoftware: false }

  show(step: number, batch: number, stepMs: number | undefined): void {
    find('#count-step').textContent = grouped(step)
    find('#count-images').textContent = short(step * batch)
    find('#count-memory').textContent = this.bytes ? mebibytes(this.bytes) : '–'
    const isSlow = stepMs !== undefined && stepMs >= 1000
    find('#speed-unit').textContent = isSlow ? 'Seconds a step' : 'Steps a second'
    const speed = stepMs && (isSlow ? stepMs / 1000 : 1000 / stepMs)
    find('#count-speed').textContent = speed ? speed.toFixed(speed < 20 ? 1 : 0) : '–'
    find('#adapter').textContent = this.adapterText(stepMs)
  }

  private adapterText(stepMs: number | undefined): string {
    const { name, isSoftware } = this.adapter
    if (!isSoftware) return `Runs on ${name}.`
    const pace = stepMs
      ? `expect about ${short(Number((60_000 / stepMs).toPrecision(2)))} steps a minute`
      : 'slow, but it works'
    return `This browser runs WebGPU on the CPU: ${pace}. Adapter: ${name.replace(/ \(software: .*\)$/, '')}.`
  }
}
