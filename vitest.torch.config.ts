import { defineConfig } from 'vitest/config'

/** The families against their PyTorch twins: `npm run test:torch`. */
export default defineConfig({
  test: { name: 'torch', include: ['tests/torch/**/*.test.ts'] },
})
