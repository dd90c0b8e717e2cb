/** A data set on the GPU: minibatches of its fields, as tensors. */
import {
  add,
  type ByteTable,
  byteTable,
  gather,
  gatherBytes,
  mul,
  permute,
  randn,
  randomIntegers,
  reshape,
  scope,
  type Tensor,
  tensor,
} from '../../engine/index.ts'
import {
  type Column,
  type DataSet,
  type ImageColumn,
  isImageColumn,
  isLabelColumn,
  type LabelColumn,
  STACKED,
} from './dataSet.ts'
import { type Toy, toyOf } from './toys.ts'

/** One field on the GPU. */
interface Store {
  /** The values of the samples at `indices` [N]: [N, ...]. Missing where samples are not rows of a table. */
  at?(indices: Tensor): Tensor
  /** `count` values that are drawn anew, independent of other fields. */
  fresh?(count: number): Tensor
  dispose(): void
}

export class Source {
  private readonly stores: Readonly<Record<string, Store>>

  /**
   * Puts the columns of `set` on the GPU that `matched` names (a family's name for each; see matchFields). `apart`: the
   * fields of a draw are of samples drawn independently.
   */
  constructor(
    private readonly set: DataSet,
    matched: Readonly<Record<string, string>>,
    private readonly apart = false,
  ) {
    this.stores = Object.fromEntries(
      Object.entries(matched).map(([name, column]) => [name, storeOf(set.columns[column])]),
    )
  }

  /** `count` samples drawn with replacement, [count, ...] by field. */
  draw(count: number): Record<string, Tensor> {
    return scope(() => {
      let shared: Tensor | undefined
      const indices = (): Tensor => {
        if (this.apart) return randomIntegers([count], this.set.count)
        shared ??= randomIntegers([count], this.set.count)
        return shared
      }
      return this.each((store) => store.fresh?.(count) ?? (store.at as NonNullable<Store['at']>)(indices()))
    })
  }

  /** Samples to hold fixed: the first `count` of the set, from the beginning again where there are fewer. */
  first(count: number): Record<string, Tensor> {
    return scope(() => {
      const indices = tensor(
        Float32Array.from({ length: count }, (_, i) => i % this.set.count),
        [count],
      )
      return this.each((store) => store.at?.(indices) ?? (store.fresh as NonNullable<Store['fresh']>)(count))
    })
  }

  dispose(): void {
    for (const store of Object.values(this.stores)) store.dispose()
  }

  private each(values: (store: Store) => Tensor): Record<string, Tensor> {
    return Object.fromEntries(Object.entries(this.stores).map(([name, store]) => [name, values(store)]))
  }
}

function storeOf(column: Column): Store {
  if (isLabelColumn(column)) return new LabelStore(column)
  if (!isImageColumn(column)) return new PointStore(toyOf(column.field.toy))
  return column.field.stacked ? new StackStore(column) : new ImageStore(column)
}

/** Images, as bytes. */
export class ImageStore implements Store {
  private readonly table: ByteTable

  constructor({ bytes, field: { size, channels, stacked } }: ImageColumn) {
    this.table = byteTable(bytes, [size, size, stacked ? 1 : channels])
  }

  get count(): number {
    return this.table.count
  }

  at(indices: Tensor): Tensor {
    return gatherBytes(this.table, indices, { scale: 2 / 255, shift: -1 })
  }

  dispose(): void {
    this.table.storage.dispose()
  }
}

/** Grey images, of which each sample is made anew. */
class StackStore implements Store {
  private readonly images: ImageStore

  constructor(column: ImageColumn) {
    this.images = new ImageStore(column)
  }

  fresh(count: number): Tensor {
    return scope(() => {
      const drawn = this.images.at(randomIntegers([count * STACKED], this.images.count))
      const [, size] = drawn.shape
      return permute(reshape(drawn, [count, STACKED, size, size]), [0, 2, 3, 1]) // [N,H,W,3]
    })
  }

  dispose(): void {
    this.images.dispose()
  }
}

/** Indices of classes. */
class LabelStore implements Store {
  private readonly table: Tensor

  constructor({ values }: LabelColumn) {
    this.table = tensor(Float32Array.from(values), [values.length, 1])
  }

  at(indices: Tensor): Tensor {
    return scope(() => reshape(gather(this.table, indices), [indices.shape[0]]))
  }

  dispose(): void {
    this.table.dispose()
  }
}

/** Points drawn from a mixture of Gaussians: a centre, and a normal step away from it. */
export class PointStore implements Store {
  private readonly centres: Tensor

  constructor(private readonly toy: Toy) {
    this.centres = tensor(toy.centres.map((centre) => [...centre]))
  }

  fresh(count: number): Tensor {
    const { centres, dims, std } = this.toy
    return scope(() =>
      add(gather(this.centres, randomIntegers([count], centres.length)), mul(randn([count, dims]), std)),
    )
  }

  dispose(): void {
    this.centres.dispose()
  }
}
