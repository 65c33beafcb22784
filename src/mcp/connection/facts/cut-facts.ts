import {
  cutState,
  cutText,
  cutValue,
  INSTRUCTIONS_LENGTH,
  isWithin,
  STATE_LENGTH,
} from '../../../lib/caps.ts';
import type { Negotiated } from '../handshake.ts';

/** More capabilities than the specification will ever have. */
const MOST_CAPABILITIES = 64;

/** What a server says of itself, as far as it is kept: it is remembered for every later command. */
export function cutFacts(facts: Negotiated): Negotiated {
  const { instructions, capabilities, serverInfo, discover } = facts;
  return {
    ...facts,
    capabilities: cutCapabilities(capabilities),
    serverInfo: serverInfo && cutState(serverInfo),
    instructions: instructions === null ? null : cutText(instructions, INSTRUCTIONS_LENGTH),
    discover: discover && cutState(discover),
  };
}

/** Each by itself: one that is large must not hide what else the server can do. */
function cutCapabilities(capabilities: Negotiated['capabilities']): Negotiated['capabilities'] {
  if (isWithin(capabilities, STATE_LENGTH)) return capabilities;
  const some = Object.entries(capabilities).slice(0, MOST_CAPABILITIES);
  return Object.fromEntries(some.map(([name, value]) => [name, cutValue(value, STATE_LENGTH / 8)]));
}
