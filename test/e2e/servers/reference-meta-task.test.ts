import { referenceTests } from '../../support/reference-tests.ts';

referenceTests('meta-task');
