import { type AppOptions, callSite, define, type ServerOptions } from './definitions.ts';

type ClassDecorator = (
  decorated: abstract new (...args: never[]) => unknown,
  context?: ClassDecoratorContext,
) => void;

/** Puts jobs and workflows together, with what they are given. */
export function App(options: AppOptions): ClassDecorator {
  const site = callSite(App);
  return (appClass) => {
    define({ kind: 'app', options, site }, appClass);
  };
}

/** Puts apps together. What hosts them is this program, so of its options those of other things have no effect. */
export function FrontMcp(options: ServerOptions): ClassDecorator {
  const site = callSite(FrontMcp);
  return (serverClass) => {
    define({ kind: 'server', options, site }, serverClass);
  };
}
