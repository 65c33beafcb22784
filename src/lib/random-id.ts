/** An id that no other process makes, for messages: 104 random bits. It is no secret, and node:crypto costs 2 to 3 ms of a start. */
export function randomId(): string {
  // Small integers: larger numbers take ten times as long to become text.
  const part = () => Math.floor(Math.random() * 2 ** 26).toString(36);
  return `${part()}${part()}${part()}${part()}`;
}
