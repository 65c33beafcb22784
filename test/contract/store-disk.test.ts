import { freshDir } from '../support/home.ts';
import { diskStore } from '../support/store-fixtures.ts';
import { jobStoreContract } from './store-contract.ts';

jobStoreContract('jobs on disk', (options) => {
  const home = freshDir('store');
  return { store: diskStore(home, options).store, reopen: () => diskStore(home).store };
});
