/**
 * The server answered, but not with what was asked for. The message goes behind the server's name and may have the server's words in it:
 * `answered tools/list with no JSON: ...`. What became of the request is open.
 */
export class BadAnswer extends Error {}
