import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { apng, framesOf } from '../../scripts/apng.ts'

/** A chunk as a file has it. */
function chunk(type: string, data: Buffer): Buffer {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  const body = Buffer.concat([Buffer.from(type), data])
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A grey PNG of one pixel. */
function png(value: number, width = 1): Buffer {
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, 1, 8, 0, 0, 0, 0])
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const pixels = deflateSync(Buffer.from([0, value]))
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels.subarray(0, 3)),
    chunk('IDAT', pixels.subarray(3)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunksOf(file: Buffer): [string, Buffer][] {
  const chunks: [string, Buffer][] = []
  for (let at = 8; at < file.length; at += file.readUInt32BE(at) + 12)
    chunks.push([
      file.toString('latin1', at + 4, at + 8),
      file.subarray(at + 8, at + 8 + file.readUInt32BE(at)),
    ])
  return chunks
}

test('frames follow each other with their pixels and times, numbered throughout', () => {
  const chunks = chunksOf(apng([png(10), png(20)], { ms: 250, lastMs: 2000 }))
  expect(chunks.map(([type]) => type)).toEqual([
    'IHDR',
    'acTL',
    'fcTL',
    'IDAT',
    'IDAT',
    'fcTL',
    'fdAT',
    'fdAT',
    'IEND',
  ])
  expect([...chunks[1][1]]).toEqual([0, 0, 0, 2, 0, 0, 0, 0])
  const numbered = chunks.filter(([type]) => type === 'fcTL' || type === 'fdAT')
  expect(numbered.map(([, data]) => data.readUInt32BE(0))).toEqual([0, 1, 2, 3])
  expect([...chunks[5][1].subarray(4)]).toEqual([
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    1,
    ...Array(8).fill(0),
    7,
    208,
    3,
    232,
    0,
    0,
  ])
  const last = Buffer.concat(chunks.filter(([type]) => type === 'fdAT').map(([, data]) => data.subarray(4)))
  expect([...inflateSync(last)]).toEqual([0, 20])
})

test('frames of different sizes are refused', () => {
  expect(() => apng([png(1), png(1, 2)], { ms: 1, lastMs: 1 })).toThrow('the same size')
})

test('what is no whole picture, or not like the last one, is no frame', () => {
  const [first, last] = [png(1), png(2)]
  const flipped = Buffer.from(first)
  flipped[45] ^= 1
  const cut = [4, 20, 40, first.length - 12, first.length - 1].map((length) => first.subarray(0, length))
  const others = [Buffer.alloc(0), Buffer.from('Bud1'), flipped, Buffer.concat([first, cut[0]]), png(1, 2)]
  expect(framesOf([...cut, first, ...others, last, ...cut])).toEqual([first, last])
  expect(framesOf(cut)).toEqual([])
  for (const frame of [...cut, flipped])
    expect(() => apng([frame, frame], { ms: 1, lastMs: 1 })).toThrow('no whole PNG file')
})
