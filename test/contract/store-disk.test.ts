import { expect, test } from 'vitest';
import { freshDir } from '../support/home.ts';
import { completed, diskStore, newJob } from '../support/store-fixtures.ts';
import { jobStoreContract } from './store-contract.ts';
import { workflowStoreContract } from './workflow-store-contract.ts';

const onDisk = () => {
  const home = freshDir('store');
  return { store: diskStore(home).store, reopen: () => diskStore(home).store };
};

jobStoreContract('jobs on disk', onDisk);
workflowStoreContract('jobs on disk', onDisk);

test('believes the end that a holder wrote just before it went', () => {
  const home = freshDir('store');
  let last: () => void = () => {};
  const { store } = diskStore(home, {
    holderAlive: () => {
      // Between the first look at the record and this question, the holder finishes and is gone.
      last();
      return false;
    },
  });
  const { job_id } = store.create(newJob({ backend: 'local' }));
  last = () => {
    last = () => {};
    diskStore(home).store.finish(job_id, completed('in the nick of time'));
  };
  expect(store.read(job_id)).toMatchObject({
    status: 'completed',
    result: { content: [{ text: 'in the nick of time' }] },
  });
});
