/** Tools that take a while: the ones that background jobs are made for. */
import type { DemoTool } from './tool.ts';
import { failure, numberOr, objectOf, runSteps, stringOr, text } from './tool.ts';

const duration = {
  type: 'number',
  minimum: 0,
  description: 'How long the work takes, in seconds',
} as const;

const deploy: DemoTool = {
  definition: {
    name: 'deploy',
    title: 'Deploy a release',
    description: 'Roll a version out to an environment.',
    inputSchema: objectOf(['version'], {
      version: { type: 'string', minLength: 1, description: 'Version to roll out, such as 2.0' },
      environment: {
        type: 'string',
        enum: ['staging', 'production'],
        default: 'staging',
        description: 'Where to roll it out',
      },
      duration: { ...duration, default: 3 },
    }),
    outputSchema: objectOf(['version', 'environment', 'url'], {
      version: { type: 'string' },
      environment: { type: 'string' },
      url: { type: 'string' },
    }),
    execution: { taskSupport: 'optional' },
  },
  async run(args, context) {
    const version = stringOr(args['version'], '');
    const environment = stringOr(args['environment'], 'staging');
    const steps = [
      'Building the image',
      'Pushing the image',
      `Rolling out to ${environment}`,
      'Checking health',
    ];
    await runSteps(steps, numberOr(args['duration'], 3), context);
    const url = `https://${environment}.example.com/releases/${encodeURIComponent(version)}`;
    return text(`Deployed version ${version} to ${environment}`, { version, environment, url });
  },
};

const exportData: DemoTool = {
  definition: {
    name: 'export',
    title: 'Export a dataset',
    description: 'Write a dataset to a file that can be downloaded.',
    inputSchema: objectOf(['dataset'], {
      dataset: { type: 'string', minLength: 1, description: 'Name of the dataset, such as users' },
      format: {
        type: 'string',
        enum: ['json', 'csv', 'parquet'],
        default: 'json',
        description: 'File format',
      },
      duration: { ...duration, default: 2 },
    }),
    execution: { taskSupport: 'optional' },
  },
  async run(args, context) {
    const dataset = stringOr(args['dataset'], '');
    const format = stringOr(args['format'], 'json');
    await runSteps(
      [`Reading ${dataset}`, `Writing ${format}`, 'Uploading'],
      numberOr(args['duration'], 2),
      context,
    );
    // A number that depends on the name alone, so that the same call always says the same.
    const records = [...dataset].reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0)) % 9000, 7) + 1000;
    const url = `https://files.example.com/${encodeURIComponent(dataset)}.${format}`;
    return text(`Exported ${records} records of ${dataset} as ${format}`, { dataset, format, records, url });
  },
};

const batchProcess: DemoTool = {
  definition: {
    name: 'batch-process',
    title: 'Process a batch',
    description: 'Work through an input file, chunk by chunk. Runs as a task only.',
    inputSchema: objectOf(['input'], {
      input: { type: 'string', minLength: 1, description: 'File to process, such as data.csv' },
      chunkSize: { type: 'integer', minimum: 1, default: 100, description: 'Rows in one chunk' },
      duration: { ...duration, default: 4 },
    }),
    execution: { taskSupport: 'required' },
  },
  async run(args, context) {
    const input = stringOr(args['input'], '');
    const chunkSize = numberOr(args['chunkSize'], 100);
    const chunks = 8;
    const steps = Array.from({ length: chunks }, (_, i) => `Chunk ${i + 1} of ${chunks}`);
    await runSteps(steps, numberOr(args['duration'], 4), context);
    return text(`Processed ${chunks * chunkSize} rows of ${input}`, {
      input,
      chunks,
      rows: chunks * chunkSize,
    });
  },
};

const flakyImport: DemoTool = {
  definition: {
    name: 'flaky-import',
    title: 'Import that fails',
    description: 'Import from a source that never lasts: always ends in an error.',
    inputSchema: objectOf(['source'], {
      source: { type: 'string', minLength: 1, description: 'Where to import from' },
      duration: { ...duration, default: 1.5 },
    }),
    execution: { taskSupport: 'optional' },
  },
  async run(args, context) {
    const source = stringOr(args['source'], '');
    const seconds = numberOr(args['duration'], 1.5);
    await context.progress({ progress: 0, total: 2, message: `Connecting to ${source}` });
    await context.sleep(seconds / 2);
    await context.progress({ progress: 1, total: 2, message: 'Reading rows' });
    await context.sleep(seconds / 2);
    return failure(`Import from ${source} failed: connection reset after 412 rows`);
  },
};

const provision: DemoTool = {
  definition: {
    name: 'provision',
    title: 'Provision a machine',
    description: 'Set a machine up. Asks for region and size while it runs.',
    inputSchema: objectOf(['name'], {
      name: { type: 'string', minLength: 1, description: 'Name of the machine' },
      duration: { ...duration, default: 2 },
    }),
    execution: { taskSupport: 'optional' },
  },
  async run(args, context) {
    const name = stringOr(args['name'], '');
    const seconds = numberOr(args['duration'], 2);
    if (!context.canElicit)
      return failure(`Provisioning ${name} needs an answer, and this client cannot be asked`);
    await context.progress({ progress: 0, total: 2, message: 'Checking capacity' });
    await context.sleep(seconds / 2);
    const answer = await context.elicit({
      message: `Where should ${name} run?`,
      requestedSchema: objectOf(['region', 'confirm'], {
        region: { type: 'string', title: 'Region', enum: ['eu-west', 'us-east', 'ap-south'] },
        size: { type: 'integer', title: 'Size (CPUs)', minimum: 1, maximum: 64, default: 2 },
        confirm: { type: 'boolean', title: 'Go ahead', description: 'This costs money', default: false },
      }),
    });
    if (answer.action === 'cancel') return failure(`Provisioning ${name} was cancelled: nobody answered`);
    if (answer.action === 'decline')
      return text(`Nothing provisioned: ${name} was declined`, { name, provisioned: false });
    const content = answer.content ?? {};
    if (content['confirm'] !== true)
      return text(`Nothing provisioned: ${name} was not confirmed`, { name, provisioned: false });
    const region = stringOr(content['region'], 'eu-west');
    const size = numberOr(content['size'], 2);
    await context.progress({ progress: 1, total: 2, message: `Creating ${name} in ${region}` });
    await context.sleep(seconds / 2);
    await context.progress({ progress: 2, total: 2, message: 'Done' });
    return text(`Provisioned ${name} in ${region} with ${size} CPUs`, {
      name,
      provisioned: true,
      region,
      size,
    });
  },
};

const countdown: DemoTool = {
  definition: {
    name: 'countdown',
    title: 'Count down',
    description: 'Count down to lift-off, with progress. Can be cancelled.',
    inputSchema: objectOf([], {
      from: { type: 'integer', minimum: 1, maximum: 10_000, default: 5, description: 'First number' },
      seconds: { type: 'number', minimum: 0, default: 5, description: 'How long it takes altogether' },
    }),
  },
  async run(args, context) {
    const from = numberOr(args['from'], 5);
    const seconds = numberOr(args['seconds'], 5);
    const steps = Array.from({ length: from }, (_, i) => String(from - i));
    await runSteps(steps, seconds, context);
    return text('Lift-off', { from });
  },
};

export const WORK_TOOLS: readonly DemoTool[] = [
  deploy,
  exportData,
  batchProcess,
  flakyImport,
  provision,
  countdown,
];
