/** Where a background call runs: each row of docs/keeper.md, "When there is one", and what stands between them. */
import { describe, expect, it } from 'vitest';
import { modeFor, type Plan, planBackground, whySynchronous } from '../../src/calls/plan.ts';
import type { TaskMode } from '../../src/jobs/ports.ts';

type Server = 'stdio with tasks' | 'http with tasks' | 'http that decides' | 'stdio without' | 'http without';

const SERVERS: Record<Server, TaskMode> = {
  'stdio with tasks': { tasks: 'offer', certain: true, holdable: false, cancel: true },
  'http with tasks': { tasks: 'offer', certain: true, holdable: true, cancel: true },
  'http that decides': { tasks: 'offer', certain: false, holdable: true, cancel: true },
  'stdio without': { tasks: 'none', certain: false, holdable: false, cancel: true },
  'http without': { tasks: 'none', certain: false, holdable: true, cancel: true },
};

describe('a background call', () => {
  it.each<[Server, 'detach' | 'keepAlive' | '', Plan['via'], boolean]>([
    // A task of a child of the command would end with it.
    ['stdio with tasks', '', 'keeper', false],
    ['stdio with tasks', 'detach', 'keeper', false],
    ['stdio with tasks', 'keepAlive', 'keeper', false],
    // The command stays until the end.
    ['stdio without', '', 'running keeper', false],
    ['http without', '', 'running keeper', false],
    ['stdio without', 'keepAlive', 'keeper', false],
    ['http without', 'keepAlive', 'keeper', false],
    // The keeper stays in its place.
    ['stdio without', 'detach', 'keeper', true],
    ['http without', 'detach', 'keeper', true],
    ['http that decides', 'detach', 'keeper', true],
    // The server keeps the task.
    ['http with tasks', '', 'own', false],
    ['http with tasks', 'detach', 'own', false],
    ['http with tasks', 'keepAlive', 'own', false],
    ['http that decides', '', 'own', false],
    ['http that decides', 'keepAlive', 'own', false],
  ])('%s, %s: by %s', (server, wish, via, detach) => {
    const mode = SERVERS[server];
    const options = { detach: wish === 'detach', keepAlive: wish === 'keepAlive' };
    expect(planBackground(mode, options)).toEqual({ mode, via, detach });
  });

  it('says why it was synchronous', () => {
    expect(whySynchronous(SERVERS['stdio without'])).toContain('--detach');
    expect(whySynchronous(SERVERS['http with tasks'])).toBe('the server answered at once');
  });
});

describe('a call that may be tried again', () => {
  it.each(Object.entries(SERVERS))('%s: runs in this program, as without tasks', (_, mode) => {
    expect(modeFor(mode, { attempts: 1 }, 'work')).toEqual(mode);
    expect(modeFor(mode, { attempts: 2 }, 'work')).toEqual({ ...mode, tasks: 'none', certain: false });
  });

  it('is refused where the server runs it as a task only', () => {
    const mode: TaskMode = { ...SERVERS['http with tasks'], tasks: 'required' };
    expect(modeFor(mode, { attempts: 1 }, 'work')).toEqual(mode);
    expect(() => modeFor(mode, { attempts: 2 }, 'work')).toThrow(/work runs as a task of the server only/);
  });
});
