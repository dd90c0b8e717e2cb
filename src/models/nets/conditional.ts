/** Networks that are told the class: an embedding of it beside z, and as further channels of images (Chintala et al. 2016, point 16). */
import { broadcastTo, concat, nn, reshape, type Tensor } from '../../engine/index.ts'
import type { JudgeNetwork } from '../family.ts'

/** z [N, latent] and labels [N] -> samples: `net` takes z with the embedding behind it. */
export class LabelledGenerator {
  readonly embedding: nn.Embedding
  readonly net: nn.Layer

  constructor(classes: number, size: number, net: nn.Layer) {
    this.embedding = new nn.Embedding(classes, size)
    this.net = net
  }

  forward(z: Tensor, labels: Tensor): Tensor {
    return this.net.forward(concat([z, this.embedding.forward(labels)], { axis: 1 }))
  }
}

/** Images [N, H, W, C] and labels [N] -> logits [N, 1]: `net` takes images with the embedding as further channels. */
export class LabelledDiscriminator implements JudgeNetwork {
  readonly embedding: nn.Embedding
  readonly net: nn.Layer

  constructor(classes: number, size: number, net: nn.Layer) {
    this.embedding = new nn.Embedding(classes, size)
    this.net = net
  }

  forward(x: Tensor, labels: Tensor): Tensor {
    const [N, H, W] = x.shape
    const e = this.embedding.forward(labels) // [N,E]
    const planes = broadcastTo(reshape(e, [N, 1, 1, -1]), [N, H, W, e.shape[1]])
    return this.net.forward(concat([x, planes], { axis: 3 }))
  }
}

/** The same of images whose pixels lie end to end: the embedding comes behind them. */
export class LabelledDenseDiscriminator implements JudgeNetwork {
  readonly embedding: nn.Embedding
  readonly net: nn.Layer

  constructor(classes: number, size: number, net: nn.Layer) {
    this.embedding = new nn.Embedding(classes, size)
    this.net = net
  }

  forward(x: Tensor, labels: Tensor): Tensor {
    return this.net.forward(
      concat([reshape(x, [x.shape[0], -1]), this.embedding.forward(labels)], { axis: 1 }),
    )
  }
}
