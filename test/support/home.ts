import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh, empty MCP2CLI_HOME (0700) for the test that asks; removed when the test has finished. */
export function freshHome(): string {
  return freshDir('home');
}

/** A fresh temporary folder for the test that asks; removed when the test has finished. */
export function freshDir(label = 'dir'): string {
  const dir = mkdtempSync(join(tmpdir(), `mcp2cli-test-${label}-`));
  // Retries: a background process that is just ending may still write into it.
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return dir;
}
