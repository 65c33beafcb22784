/**
 * How long this program's HTTP servers keep a connection that nobody uses, in milliseconds. Longer than clients keep theirs: a server that is held up
 * would close one whose next request has come and waits to be read, and a call that is lost so is not sent again.
 */
export const IDLE_CONNECTION_MS = 60_000;
