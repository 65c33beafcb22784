import type { Paths } from '../../config/paths.ts';
import type { Route } from '../proxy/proxy.ts';

/** Where the login of an instance is, and what its tokens are had with. */
export interface Logins {
  /** `auth.json` of the instance. */
  file: string;
  /** The folder of the locks. */
  lockDir: string;
  /** What the person calls the instance, for errors. */
  name: string;
  now: () => Date;
  log: (line: string) => void;
}

/** The login of an instance, by the instance's name. */
export function loginsOf(paths: Paths, instance: string, rest: Pick<Logins, 'name' | 'now' | 'log'>): Logins {
  return { ...rest, file: paths.authFile(instance), lockDir: paths.authLockDir };
}

/** How a token is made usable, for those parts that are loaded when they are needed. */
export interface TokenContext extends Logins {
  /** How servers are reached from here. */
  route: Route;
}
