/** What the background process is told. Apart from background.ts, so that whoever starts it need not load a server. */
import type { DemoDialect } from './server.ts';

/** Carries the orders to the child: the environment, since everybody on the machine can read a command line. */
export const DEMO_CONFIG = 'MCP2CLI_DEMO_CONFIG';

export interface DemoConfig {
  home: string;
  token: string;
  dialect: DemoDialect;
  port: number;
  speed: number;
}
