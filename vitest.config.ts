import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two cores are the smallest machine we promise to test on; system tests start real programs of their own.
    maxWorkers: 2,
    // A shared machine may take the cores away in the middle of a promise about time; what fails three times is broken.
    retry: process.env['CI'] === undefined ? 0 : 2,
  },
});
