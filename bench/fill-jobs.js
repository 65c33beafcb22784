import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const digitsOf = (n) => (n === 0 ? '' : digitsOf(Math.floor(n / 32)) + DIGITS[n % 32]);

/**
 * Finished jobs as the program stores them: a real one (`model`, of instance demo, in folder `from`), copied under new ids. An ended job's job.json
 * is another name of its end.json (src/jobs/store/job-store.ts).
 */
export function fillJobs(from, to, { model, instance, count }) {
  const files = Object.fromEntries(
    ['end', 'task'].map((name) => [name, readFileSync(join(from, model, `${name}.json`), 'utf8')]),
  );
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (let i = 0; i < count; i++) {
    const id = `${model.slice(0, -6)}${digitsOf(i + 1).padStart(6, '0')}`;
    const dir = join(to, id);
    mkdirSync(dir, { mode: 0o700 });
    const rename = (text) =>
      text.replaceAll(model, id).replaceAll('"instance":"demo"', `"instance":"${instance}"`);
    writeFileSync(join(dir, 'end.json'), rename(files.end), { mode: 0o600 });
    writeFileSync(join(dir, 'task.json'), files.task, { mode: 0o600 });
    linkSync(join(dir, 'end.json'), join(dir, 'job.json'));
  }
}
