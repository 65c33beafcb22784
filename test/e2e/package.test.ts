/** The package as npm makes and installs it. */
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startCommand } from '../support/cli.ts';
import { freshHome } from '../support/home.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

// The build is there already: scripts would make it once more, under the feet of other tests.
it.skipIf(process.platform === 'win32')(
  'installs without a warning, and its documents lead nowhere else',
  async () => {
    const home = freshHome();
    const npm = (...words: string[]) =>
      startCommand('npm', words, { home, cwd: ROOT, env: { npm_config_cache: join(home, 'cache') } }).done;
    const packed = await npm('pack', '--ignore-scripts', '--json', '--pack-destination', home);
    expect(packed).toMatchObject({ code: 0 });
    const [{ filename, files }] = JSON.parse(packed.stdout) as [
      { filename: string; files: { path: string }[] },
    ];

    const prefix = join(home, 'prefix');
    const installed = await npm('install', '-g', '--offline', '--prefix', prefix, join(home, filename));
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    const bin = await startCommand(join(prefix, 'bin', 'mcp2cli'), ['--version'], { home }).done;
    expect(bin).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });

    const paths = new Set(files.map(({ path }) => path));
    const dead = [...paths]
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8');
        const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => link);
        return links
          .filter((link) => !/^[a-z]+:/.test(link) && !paths.has(posix.join(dirname(path), link)))
          .map((link) => `${path}: ${link}`);
      });
    expect(dead).toEqual([]);
  },
);
