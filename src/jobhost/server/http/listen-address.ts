import { CliError, EXIT, UsageError } from '../../../errors.ts';

export interface Address {
  /** As it is typed, brackets of IPv6 left out. */
  host: string;
  /** 0: any free one. */
  port: number;
}

/** `HOST:PORT`, `[IPV6]:PORT` or `PORT`. Error: UsageError. */
export function parseAddress(text: string): Address {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:[\]/@\s]+):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535)
    throw new UsageError(`--http: not an address: ${JSON.stringify(text)}`, {
      hint: 'type HOST:PORT, for example 127.0.0.1:8080; port 0 takes any free one',
    });
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port };
}

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Why a server does not listen, as a person mends it. */
export function listenFailure(error: NodeJS.ErrnoException, { host, port }: Address): Error {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reasons: Record<string, [string, string]> = {
    EADDRINUSE: [`${where} is in use by another program`, 'choose another port, or 0 for any free one'],
    EACCES: [`${where} is not for this user to listen on`, 'choose a port above 1023'],
    EADDRNOTAVAIL: [`${where} is no address of this machine`, 'see: ip address'],
    ENOTFOUND: [`no such host: ${host}`, 'type an address of this machine'],
  };
  const [message, hint] = reasons[error.code ?? ''] ?? [`cannot listen on ${where}: ${error.message}`];
  return new CliError('cannot_listen', EXIT.failed, message as string, { hint, cause: error });
}
