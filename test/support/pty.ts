/** A real pseudo-terminal without native modules: util-linux `script`, else python3's pty. */
import { spawnSync } from 'node:child_process';
import type { Handle, StartOptions } from './cli.ts';
import { startCommand } from './cli.ts';
import { BIN } from './env.ts';

type Tool = 'script' | 'python3';

/** Wants: columns, rows, then the command. Copies between the terminal and its own stdin and stdout; keeps the exit code. */
const PYTHON = `
import fcntl, os, pty, select, struct, sys, termios
cols, rows = int(sys.argv[1]), int(sys.argv[2])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))
sources = [fd, 0]
while True:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b''
        if source == fd:
            if not data:
                status = os.waitpid(pid, 0)[1]
                sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
            os.write(1, data)
        elif data:
            os.write(fd, data)
        else:
            sources.remove(0)
`;

let found: Tool | null | undefined;

/** The tool that this machine has; undefined when it has none: `it.skipIf(!ptyTool())`. */
export function ptyTool(): Tool | undefined {
  if (found === undefined) {
    // BSD and macOS have a `script` too, with other flags.
    const version = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '';
    if (version.includes('util-linux')) found = 'script';
    else
      found = spawnSync('python3', ['-c', 'import pty'], { stdio: 'ignore' }).status === 0 ? 'python3' : null;
  }
  return found ?? undefined;
}

export interface PtyOptions extends Omit<StartOptions, 'input' | 'openStdin'> {
  columns?: number;
  rows?: number;
  tool?: Tool;
}

/**
 * Starts `mcp2cli ARGS` with a terminal as stdin, stdout and stderr. All that it shows is in `stdout` of the handle, with the terminal's line
 * ends (`\r\n`) and echo; `write` types: `\x03` is ^C, `\r` the return key. `signal` reaches the tool, not the program. One that was killed by
 * a signal ends with code 128 + its number.
 */
export function startOnPty(args: readonly string[], options: PtyOptions): Handle {
  return startCommandOnPty([process.execPath, BIN, ...args], options);
}

/** Starts any command on a terminal. */
export function startCommandOnPty(command: readonly string[], options: PtyOptions): Handle {
  const { columns = 80, rows = 24, tool = ptyTool(), ...rest } = options;
  if (!tool) throw new Error('neither util-linux script nor python3: skip this test (ptyTool)');
  const started = {
    ...rest,
    openStdin: true,
    // `script` runs its line by $SHELL, which need not be installed to be the person's.
    env: { TERM: 'xterm-256color', ...options.env, SHELL: '/bin/sh' },
  };
  const shell = options.env?.['SHELL'] ?? '/bin/sh';
  if (tool === 'python3')
    return startCommand('python3', ['-c', PYTHON, String(columns), String(rows), ...command], {
      ...started,
      env: { ...started.env, SHELL: shell },
    });
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  // exec: the shell must not stand between the terminal's ^C and the program.
  const line = `stty cols ${columns} rows ${rows}; SHELL='${shell}' exec ${quoted}`;
  return startCommand('script', ['-qfec', line, '/dev/null'], started);
}
