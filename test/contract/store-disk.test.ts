import { freshDir } from '../support/home.ts';
import { diskStore } from '../support/store-fixtures.ts';
import { jobStoreContract, type StoreUnderTest } from './store-contract.ts';
import { workflowStoreContract } from './workflow-store-contract.ts';

const onDisk = (options: Parameters<typeof diskStore>[1]): StoreUnderTest => {
  const home = freshDir('store');
  return { store: diskStore(home, options).store, reopen: () => diskStore(home).store };
};

jobStoreContract('jobs on disk', onDisk);
workflowStoreContract('jobs on disk', onDisk);
