/** The thread in which job files are imported to see what is in them. Tells what it has found, a file at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { describeFile, type LoadedFile } from './describe.ts';
import { importedFiles, importJobFile } from './import-file.ts';
import { importProblem } from './import-problem.ts';

/** What the thread is started with. */
export interface LoadWorkerData {
  readonly cacheDir: string | undefined;
}

/** What the thread says: that it is ready for a file, or what is in the file that it was given, and which files it has read so far. */
export type LoadWorkerMessage = { ready: true } | { loaded: LoadedFile; imported: string[] };

const { cacheDir } = workerData as LoadWorkerData;
const port = parentPort;
if (port === null) throw new Error('to be run as a thread');

port.on('message', async (file: string) => {
  port.postMessage({ loaded: await load(file), imported: importedFiles() } satisfies LoadWorkerMessage);
});
port.postMessage({ ready: true } satisfies LoadWorkerMessage);

/** Fails the import that is under way. */
let fail: (error: unknown) => void = () => {};
// What a file starts and does not wait for may fail: while it is imported, that is its own failure. Later, it is for the runs of its jobs to tell.
process.on('uncaughtException', (error) => fail(error));

async function load(file: string): Promise<LoadedFile> {
  try {
    const failure = new Promise<never>((_, reject) => {
      fail = reject;
    });
    return describeFile(await Promise.race([importJobFile(file, { cacheDir }), failure]));
  } catch (error) {
    return { jobs: [], workflows: [], problems: [importProblem(error, file)], inApp: [], server: undefined };
  }
}
