/** A profile as one page that needs nothing else: roofline, kernels, a step's timeline, memory. Pure. */
import { kindOf, kinds } from '../kinds.ts'
import { short } from '../table.ts'
import type { Measured } from './measured.ts'
import style from './report.css?raw'
import script from './reportPage.js?raw'
import type { Profile, ProfiledKernel } from './result.ts'
import { rooflineOf } from './roofline.ts'
import { element, escapeText } from './svg.ts'
import { nameOf, ofFlops, tipOf } from './table.ts'
import { timelineOf, usualStep } from './timeline.ts'

/** Rows that are there without unfolding the rest. */
const SHOWN = 15

const percent = (part: number): string => `${(100 * part).toFixed(1)}%`
const mib = (bytes: number): string => short(bytes / 2 ** 20)
/** A mean of whole numbers. */
const count = (x: number): string => String(Number(x.toFixed(1)))
const many = (n: number, what: string, plural = 's'): string => `${count(n)} ${what}${n === 1 ? '' : plural}`
const span = (className: string, text: string): string =>
  element('span', { class: className }, escapeText(text))

export function reportOf(profile: Profile, measured: Measured): string {
  const { run, environment, kernels, memory } = profile
  const title = `${run.model}, batch ${run.batch}`
  const identity = ({ op, kernel, shape, flops, bytes }: Measured['launches'][number]): string =>
    [op, kernel, shape, flops, bytes].join('|')
  const indexOf = new Map(kernels.map((row, i) => [identity(row), i]))
  const kernelOf = (launch: number): number => indexOf.get(identity(measured.launches[launch])) ?? -1
  const usual = usualStep(measured.steps)
  const options = Object.entries(run.options).map(([name, value]) => `${name} ${value}`)
  const body = [
    element('h1', {}, `${escapeText(title)} ${span('adapter', `on ${environment.adapter.name}`)}`),
    element(
      'p',
      { class: 'facts' },
      escapeText(
        `${options.join(' · ')} · data ${run.data} · ${run.steps} steps · ${environment.browser} · ${environment.date.slice(0, 10)}`,
      ),
    ),
    tiles(profile),
    section(
      'Roofline',
      'Each dot is a kernel on the shapes it ran on, as large as its share of the time. The lines are what this adapter was measured to do at best; on the left edge, what computes next to nothing.',
      legend(kernels) + rooflineOf(profile),
    ),
    section(
      'Kernels',
      'A bar is the share of all kernels’ time; its dark part is what the roofs would leave of it.',
      kernelList(kernels),
    ),
    section(
      'A step',
      `The step of median length, ${short(usual.end - usual.begin)} ms, with a timestamp around every dispatch. The two clocks are laid so that no kernel begins before it was submitted.`,
      timelineOf(measured, kernelOf) + phaseList(profile),
    ),
    section(
      'Memory',
      `${mib(memory.bytes)} MiB held by tensors at the worst moment, by the op that made them; an optimiser’s name stands for parameters, gradients and averages.`,
      memoryList(memory),
    ),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeText(`Profile of ${title}`)}</title>
<link rel="icon" href="data:,">
<style>
${style}</style>
</head>
<body>
<main>
${body.join('\n')}
</main>
<div id="tip" hidden></div>
<script>
${script}</script>
</body>
</html>
`
}

const section = (title: string, about: string, content: string): string =>
  element('section', {}, element('h2', {}, title) + element('p', {}, escapeText(about)) + content)

function tiles({ cost, step, memory, run }: Profile): string {
  const plain = cost.plain.median
  const tile = (value: string, name: string, about: string): string =>
    element('div', { class: 'tile' }, span('value', value) + span('name', name) + span('about', about))
  return element(
    'div',
    { class: 'tiles' },
    [
      tile(
        `${short(plain)} ms`,
        'a step',
        `${short((1000 * run.batch) / plain)} samples/s, without timestamps`,
      ),
      tile(
        `${short(step.gpuBusy.median)} ms`,
        'kernels at work',
        `${short(step.gaps.median)} ms of gaps between them`,
      ),
      tile(
        count(step.dispatches),
        'dispatches',
        `in ${count(step.submits)} submits, each dispatch in a pass of its own`,
      ),
      tile(
        `${short(step.record.median)} ms`,
        'JavaScript',
        `${short(step.encode.median)} encoding, ${short(step.submit.median)} submitting`,
      ),
      tile(`${mib(memory.bytes)} MiB`, 'at most', 'held by tensors at once'),
      tile(`${short(cost.ratio)}×`, 'profiled', `${short(cost.profiled.median)} ms a step with timestamps`),
    ].join(''),
  )
}

/** The colours of the kinds that occur. */
function legend(kernels: readonly ProfiledKernel[]): string {
  const found = new Set(kernels.map(({ kernel }) => kindOf(kernel)))
  const entries = kinds
    .filter((kind) => found.has(kind))
    .map((kind) => element('span', {}, element('i', { class: kind }) + kind))
  return element('div', { class: 'legend' }, entries.join(''))
}

function bar(share: number, className: string, attained = 0): string {
  const width = (part: number): string => `width:${(100 * part).toFixed(2)}%`
  return element(
    'span',
    { class: 'track' },
    element(
      'span',
      { class: `bar ${className}`, style: width(share) },
      element('span', { class: 'attained', style: width(Math.min(1, attained)) }),
    ),
  )
}

function kernelList(kernels: readonly ProfiledKernel[]): string {
  const longest = kernels[0]?.share ?? 1
  const head = element(
    'div',
    { class: 'row head' },
    ['kernel', '', 'share', 'ms', 'GFLOP/s', 'GB/s', 'of roof'].map((text) => span('', text)).join(''),
  )
  const rows = kernels.map((k, i) =>
    element(
      'div',
      { class: 'row', 'data-kernel': i, 'data-tip': tipOf(k) },
      [
        element('span', { class: 'what' }, span('op', nameOf(k)) + span('shape', k.shape)),
        bar(k.share / longest, kindOf(k.kernel), k.percent / 100),
        span('', percent(k.share)),
        span('', short(k.total)),
        span('', ofFlops(k, k.gflops)),
        span('', short(k.gbs)),
        span('', `${k.percent.toFixed(0)}%`),
      ].join(''),
    ),
  )
  const rest = rows.slice(SHOWN)
  const more = element('details', {}, element('summary', {}, `${rest.length} more`) + rest.join(''))
  return element(
    'div',
    { class: 'list kernels' },
    head + rows.slice(0, SHOWN).join('') + (rest.length ? more : ''),
  )
}

function phaseList({ phases }: Profile): string {
  const rows = phases.map(({ name, total, share, dispatches }, i) =>
    element(
      'div',
      { class: 'row' },
      span('op', name) +
        bar(share, `phase${i % 4}`) +
        span('', percent(share)) +
        span('', `${short(total)} ms`) +
        span('', many(dispatches, 'dispatch', 'es')),
    ),
  )
  return element('div', { class: 'list phases' }, rows.join(''))
}

function memoryList({ bytes, holders }: Profile['memory']): string {
  const rows = holders
    .slice(0, SHOWN)
    .map((holder) =>
      element(
        'div',
        { class: 'row' },
        span('op', holder.op) +
          bar(holder.bytes / bytes, 'moves') +
          span('', percent(holder.bytes / bytes)) +
          span('', `${mib(holder.bytes)} MiB`) +
          span('', many(holder.buffers, 'buffer')),
      ),
    )
  return element('div', { class: 'list phases' }, rows.join(''))
}
