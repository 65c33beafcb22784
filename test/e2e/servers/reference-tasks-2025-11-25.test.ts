import { referenceTests } from '../../support/reference-tests.ts';

referenceTests('tasks-2025-11-25');
