// Runs the official conformance scenarios: those of the tasks extension against our fixture server, those for servers against `mcp2cli serve`, and those
// for clients against the program. One line a
// scenario; exit code 1 when one fails that must not. With names of scenarios for clients: those alone.
import { checkClient } from './client-scenarios.js';
import { checkInspector } from './inspector.js';
import { theInspector, theRunner, theRunnersNode } from './runner.js';
import { checkServe } from './serve-scenarios.js';
import { checkServer } from './server-scenarios.js';

const names = process.argv.slice(2);
const [runner, node] = [await theRunner(), await theRunnersNode()];
const server = names.length > 0 ? 0 : await checkServer(node, runner);
const serve = names.length > 0 ? 0 : await checkServe(node, runner);
const inspector = names.length > 0 ? 0 : await checkInspector(node, await theInspector());
const client = await checkClient(node, runner, names);
process.exitCode = server + serve + inspector + client === 0 ? 0 : 1;
