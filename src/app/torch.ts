/** What `npm run export` and `npm run import` ask of the page. */
import { loadTorchFile, torchFile } from '../models/training/torchFile.ts'
import { type Config, Trainer } from '../models/training/trainer.ts'
import { withTrainer } from './checkpoint.ts'
import { get, send } from './commands.ts'

export const torch = {
  /** Sends `torch`, the checkpoint that is served as PyTorch has it; messages call the former `file`. */
  async exportTorch({ file }: { file: string }): Promise<void> {
    await withTrainer(file, async ({ model }) => send('torch', torchFile(await get('checkpoint'), model)))
  },

  /** Sends `checkpoint`, made of the file `torch` that is served, which messages call `file`. */
  async importTorch({ file, config }: { file: string; config: Config }): Promise<void> {
    const trainer = new Trainer(config)
    try {
      loadTorchFile(trainer, await get('torch'), file)
      await send('checkpoint', await trainer.checkpoint())
    } finally {
      trainer.dispose()
    }
  },
}
