/** Which read is told of which failure, on a device that fails when asked to. */
import { expect, test } from 'vitest'
import { LimitError, ShaderError } from '../../src/engine/errors.ts'
import { Failures } from '../../src/engine/gpu/failures.ts'

/** A device whose work fails with `error` until the next call. */
function failingDevice() {
  let errors: (GPUError | null)[] = []
  const device = {
    pushErrorScope: () => {},
    popErrorScope: async () => errors.shift() ?? null,
    onuncapturederror: (_: { error: GPUError; preventDefault(): void }) => {},
  }
  const failures = new Failures(device as unknown as GPUDevice)
  const fail = (message: string, options: Parameters<Failures['guard']>[2] = {}): void => {
    errors = [{ message }]
    failures.guard('test', () => {}, options)
  }
  return { device, failures, fail }
}

const messageOf = (read: Promise<void>): Promise<string> =>
  read.then(
    () => 'fine',
    (error: Error) => error.message,
  )

test('a failure is told once, as what it was, and only to reads that were begun before the telling', async () => {
  const { failures, fail } = failingDevice()
  expect(await messageOf(failures.settle())).toBe('fine')
  fail('a')
  const reads = [failures.begin(), failures.begin()]
  expect(await messageOf(failures.settle(reads[0]))).toBe('test: a')
  expect(await messageOf(failures.settle())).toBe('fine')
  expect(await messageOf(failures.settle(reads[1]))).toBe('test: a')
  expect(await messageOf(failures.settle())).toBe('fine')
  fail('b')
  await expect(failures.settle(failures.begin(), { error: new LimitError('own') })).rejects.toThrow('own')
  expect(await messageOf(failures.settle())).toBe('test: b')
})

test('reads that end in another order than they began in are told their own', async () => {
  const { failures, fail } = failingDevice()
  fail('a')
  const first = failures.begin()
  fail('b')
  const second = failures.begin()
  expect(await messageOf(failures.settle(second))).toBe('test: b')
  expect(await messageOf(failures.settle(first))).toBe('test: a')
  expect(await messageOf(failures.settle())).toBe('fine')
})

test('an error that nobody can explain is told as it came', async () => {
  const { failures, fail } = failingDevice()
  fail('plain', { explain: () => Promise.reject(new Error('lost meanwhile')) })
  await expect(failures.settle()).rejects.toThrow(ShaderError)
  fail('plain', { explain: async () => new LimitError('better') })
  await expect(failures.settle()).rejects.toThrow('better')
})

test('an error outside of every scope is the next read’s', async () => {
  const { device, failures } = failingDevice()
  device.onuncapturederror({ error: { message: 'from nowhere' } as GPUError, preventDefault: () => {} })
  expect(await messageOf(failures.settle())).toBe('WebGPU: from nowhere')
  expect(await messageOf(failures.settle())).toBe('fine')
})

test('what follows from a failure is told as that failure, and takes no memory', async () => {
  const { failures, fail } = failingDevice()
  const told: string[] = []
  for (const message of ['cause', 'effect', 'effect']) {
    fail(message, { onFailure: (error) => told.push(error.message) })
    await Promise.resolve()
  }
  expect(await messageOf(failures.settle())).toBe('test: cause')
  expect(told).toEqual(['test: cause', 'test: cause', 'test: cause'])
  // biome-ignore lint/complexity/useLiteralKeys: what is kept is nobody else's business
  expect(failures['failures']).toEqual([])
})
