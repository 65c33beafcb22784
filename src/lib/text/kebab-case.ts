const PLAIN = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;
const ASCII = /^[\x20-\x7e]+$/;
const SNAKE = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/**
 * The form of a name that people type: `maxTokens` -> `max-tokens`, `HTTPProxy` -> `http-proxy`, `user_name` -> `user-name`. Dots
 * stay (they nest), every other run of characters that are no letters or digits becomes one dash. Idempotent. A name without
 * any letter or digit gives the empty string: such a name is reachable by itself only.
 */
export function kebabCase(name: string): string {
  if (PLAIN.test(name)) return name;
  if (SNAKE.test(name)) return name.replaceAll('_', '-');
  return name
    .split('.')
    .map(ASCII.test(name) ? asciiSegment : kebabSegment)
    .filter(Boolean)
    .join('.');
}

/** The same for plain letters: Unicode's classes alone take milliseconds to build. */
function asciiSegment(segment: string): string {
  return segment
    .replace(/([A-Z]{2,})s(?![a-z])/g, '$1S')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function kebabSegment(segment: string): string {
  return (
    segment
      // A plural of an acronym is one word: userIDs -> user-ids.
      .replace(/(\p{Lu}{2,})s(?!\p{Ll})/gu, '$1S')
      .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1-$2')
      .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1-$2')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
  );
}
