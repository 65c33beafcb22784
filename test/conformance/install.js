// Installs what the scenarios are run with, so that `run.js` need not wait for the network.
import { theInspector, theRunner } from './runner.js';

await Promise.all([theRunner(), theInspector()]);
