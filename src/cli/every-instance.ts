/** `--all-instances`: one command over all instances that are configured. */
import { configuredInstance } from '../config/configured-instance.ts';
import { CliError } from '../errors.ts';
import { App } from './app.ts';

/**
 * An app for each instance, as if it had been named. What is wrong with one is told, and stops none of the others. To be closed by whoever asks.
 */
export function everyInstance(app: App): App[] {
  const { config, context, printer } = app;
  printer.appId = 'mcp2cli';
  return Object.keys(config.mcpServers).flatMap((name) => {
    try {
      app.checkPlaces(name);
      // A linked command is the command of its own instance alone.
      const env = app.program === name ? context.env : { ...context.env, MCP2CLI_PROGRAM: undefined };
      const own = new App({ ...context, env }, new Map(app.flags));
      own.useConfig(config);
      own.select(configuredInstance(config, name, env));
      return [own];
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      printer.warn(error.code, error.message);
      return [];
    }
  });
}

/** Does some work with each at the same time. A refusal or a failure of one is told; the others count. */
export async function withEach<T>(
  app: App,
  apps: readonly App[],
  work: (own: App) => Promise<T>,
): Promise<T[]> {
  const done = await Promise.all(
    apps.map(async (own): Promise<T[]> => {
      try {
        return [await work(own)];
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        app.printer.warn(error.code, `${own.instance.name}: ${error.message}`);
        return [];
      }
    }),
  );
  return done.flat();
}

export async function closeAll(apps: readonly App[]): Promise<void> {
  await Promise.all(apps.map((own) => own.close()));
}
