import { describe, expect, it } from 'vitest';
import { toolFlags } from '../../src/tools/flags/tool-flags.ts';
import { firstSentence, toolHelp } from '../../src/tools/flags/tool-help.ts';
import { cpuMs } from '../support/cpu-time.ts';

const deploy = {
  name: 'deploy',
  title: 'Deploy',
  description:
    'Roll a version out.\n\nTakes a while; use it with care, and not on a Friday afternoon if you can help it at all.',
  inputSchema: {
    type: 'object',
    properties: {
      dryRun: { type: 'boolean', description: 'Only say what would happen', default: false },
      version: { type: 'string', description: 'What to deploy' },
      strategy: { enum: ['rolling', 'blue-green', 'canary', 'recreate'], default: 'rolling' },
      replicas: { type: ['integer', 'null'], minimum: 1 },
      target: {
        type: 'object',
        description: 'Where to',
        properties: { region: { type: 'string', enum: ['eu', 'us'] }, zone: { type: 'string' } },
        required: ['region'],
      },
      tags: { type: 'array', items: { type: 'string' } },
      token: { type: 'string', format: 'password', default: 'hunter2' },
    },
    required: ['version', 'target'],
  },
};

const options = {
  usage: 'work deploy',
  width: 72,
  runtimeHelp: 'Flags of mcp2cli:\n  --json\n',
  safe: (s: string) => s,
};

describe('toolHelp', () => {
  it('says what goes inside of arrays and open objects', () => {
    const inputSchema = {
      type: 'object',
      properties: {
        items: { type: 'array', items: { properties: { unitPrice: { type: 'number' } } } },
        env: { type: 'object', additionalProperties: { type: 'string' } },
        closed: { type: 'object', properties: { a: {} }, additionalProperties: false },
        tags: { type: 'array', items: { type: 'string' } },
      },
    };
    const help = toolHelp({ name: 'x' }, toolFlags(inputSchema), { ...options, width: 110 });
    expect(help).toContain('[repeatable; also --items.0.unit-price]');
    expect(help).toContain('[also --env.KEY]');
    expect(help.match(/also/g)).toHaveLength(2);
  });

  it('shows what can be typed', () => {
    expect(toolHelp(deploy, toolFlags(deploy.inputSchema), options)).toMatchInlineSnapshot(`
      "Usage: work deploy --version <string> --target.region <eu|us> [flags]

      Deploy

      Roll a version out.

      Takes a while; use it with care, and not on a Friday afternoon if you
      can help it at all.

      Required:
        --version <string>         What to deploy
        --target <json>            Where to
          --target.region <eu|us>

      Optional:
        --dry-run                  Only say what would happen [default: false]
        --strategy <string>        [one of: rolling, blue-green, canary,
                                   recreate; default: rolling]
        --replicas <integer>       [or null]
        --tags <string>            [repeatable]
        --token <string>           [secret]
        --target.zone <string>

      Example:
        work deploy --version text --target.region eu

      Flags of mcp2cli:
        --json
      "
    `);
  });

  it('makes every piece of server text safe', () => {
    const evil = JSON.parse(
      JSON.stringify(deploy).replaceAll(/"(Roll|What|rolling|version|Deploy)/g, '"\\u001b[31m$1'),
    );
    const text = toolHelp(evil, toolFlags(evil.inputSchema), {
      ...options,
      safe: (s) => s.replaceAll('\u001b', '^'),
    });
    expect(text).not.toContain('\u001b');
    expect(text).toContain('^[31mWhat');
  });

  it('is short for a tool without flags', () => {
    expect(toolHelp({ name: 'ping' }, [], { ...options, usage: 'work ping', runtimeHelp: '' })).toBe(
      'Usage: work ping\n',
    );
  });

  it('fits into a narrow terminal', () => {
    const lines = toolHelp(deploy, toolFlags(deploy.inputSchema), {
      ...options,
      width: 50,
      runtimeHelp: '',
    }).split('\n');
    const text = lines.filter((line) => !/Usage|work deploy|--/.test(line));
    for (const line of text) expect(line.length).toBeLessThanOrEqual(50);
  });

  it('gives an example that the shell understands', () => {
    const inputSchema = {
      properties: { text: { type: 'string', examples: ["it's $HOME"] } },
      required: ['text'],
    };
    const text = toolHelp({ name: 't', inputSchema }, toolFlags(inputSchema), { ...options, usage: 't' });
    expect(text).toContain(`t --text 'it'\\''s $HOME'`);
  });
});

describe('firstSentence', () => {
  it.each([
    ['Say something back.', 'Say something back.'],
    ['First. Second.', 'First.'],
    ['First sentence\nwraps here. Second.', 'First sentence wraps here.'],
    ['Title\n\nBody text.', 'Title'],
    ['Use e.g. This one. Next.', 'Use e.g. This one.'],
    ['Version v1.2 of it. Next.', 'Version v1.2 of it.'],
    ['No stop', 'No stop'],
    ['Really? Yes!', 'Really?'],
    ['', ''],
    ['   \n ', ''],
    ['これは文です。次の文。', 'これは文です。'],
    ['x'.repeat(500), `${'x'.repeat(117)}...`],
  ])('%j', (text, sentence) => {
    expect(firstSentence(text)).toBe(sentence);
  });

  it('does not hang', () => {
    const start = cpuMs();
    firstSentence('. a'.repeat(100_000));
    firstSentence(`a${' '.repeat(100_000)}`);
    expect(cpuMs() - start).toBeLessThan(500);
  });
});
