// Runs the official conformance scenarios: those of the tasks extension against our fixture server, those for servers against `mcp2cli serve`, and those
// for clients against the program. One line a
// scenario; exit code 1 when one fails that must not. With names of scenarios for clients: those alone.
import { checkClient } from './client-scenarios.js';
import { checkInspector } from './inspector.js';
import { theInspector, theRunner, theRunnersNode } from './runner.js';
import { checkServe } from './serve-scenarios.js';
import { checkServer } from './server-scenarios.js';

const names = process.argv.slice(2);
const [runner, node, inspector] = [await theRunner(), await theRunnersNode(), await theInspector()];
// Each has servers of its own, and most of a scenario is the start of programs that use one core: beside each other they take half of the time.
const all =
  names.length > 0
    ? []
    : [checkServer(node, runner), checkServe(node, runner), checkInspector(node, inspector)];
const failures = await Promise.all([...all, checkClient(node, runner, names)]);
process.exitCode = failures.every((count) => count === 0) ? 0 : 1;
