/**
 * How many launches the tiny steps of trainer.test.ts have, by kind of step. Each costs time on the CPU and between kernels:
 * a change that adds some is to be seen. They are those of the families before these shared a contract. A family that is
 * not here is not checked.
 */
export const LAUNCHES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'cgan on images': { '': 115 },
  'cgan dense on images': { '': 149 },
  'dcgan on images': { '': 85 },
  'gan on images': { '': 208 },
  'gan on bimodal': { '': 213 },
  'gan on spiral': { '': 213 },
  'sngan on images': { '': 348 },
  'stylegan-lite on images': { penalised: 532, plain: 436 },
  'stylegan2-lite on images': { 'penalised path': 1298, plain: 601 },
  'wgan on images': { '': 130 },
  'wgan on bimodal': { '': 169 },
  'wgan on spiral': { '': 169 },
  'wgan-gp on images': { '': 208 },
  'wgan-gp residual on images': { '': 669 },
  'wgan-gp on bimodal': { '': 263 },
  'wgan-gp on spiral': { '': 263 },
}
