/** Where a part of the program says what happens beside a command's answer: on stderr, or in a keeper's log. */
export interface Log {
  /** What people want to know, unless they asked for silence. */
  note(text: string): void;
  /** What only those want to know who look for it. */
  detail(text: string): void;
  /** What everybody has to know; `code` is for programs. */
  warn(code: string, message: string): void;
}
