// Two small steps as the page would tell of them, for tests of what is made of them.
import type { Measured } from '../../bench/profile/measured.ts'

const MS = 1e6 // ns

/** Three dispatches in two submits, then the readback's; the second step is twice as slow on the GPU. */
const stepFrom = (begin: number, slow: number): Measured['steps'][number] => ({
  begin,
  recorded: begin + 3,
  done: begin + 10 * slow,
  end: begin + 10 * slow + 1,
  submits: [
    {
      begin: begin + 1,
      encoded: begin + 1.5,
      end: begin + 1.75,
      runs: [
        [0, 0, 0, 2 * slow * MS],
        [1, 0, 3 * slow * MS, 4 * slow * MS],
      ],
    },
    {
      begin: begin + 2,
      encoded: begin + 2.5,
      end: begin + 2.75,
      runs: [[2, 1, 4 * slow * MS, 5 * slow * MS]],
    },
    { begin: begin + 2.75, encoded: begin + 2.75, end: begin + 3, runs: [] },
  ],
})

export const measured: Measured = {
  plain: [8, 8, 9],
  steps: [stepFrom(100, 1), stepFrom(200, 2)],
  launches: [
    {
      op: 'conv2d',
      kernel: 'conv2d',
      shape: '1x4x4x1, 2x2x1x1 → 1x3x3x1',
      flops: 4e6,
      bytes: 1e5,
      counted: true,
    },
    { op: 'matmul', kernel: 'conv2d_weight', shape: '2x3, 2x5 → 3x5', flops: 1e6, bytes: 1e6, counted: true },
    { op: 'Adam', kernel: 'optim', shape: '64 → 64, 64, 64', flops: 0, bytes: 1e3, counted: true },
  ],
  phases: ['discriminator step', 'optimiser'],
  memory: {
    bytes: 3000,
    holders: [
      { op: 'Adam', bytes: 2000, buffers: 2 },
      { op: 'conv2d', bytes: 1000, buffers: 1 },
    ],
  },
}
