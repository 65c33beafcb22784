import type { Provider, TokenLike } from './token.ts';

/** The values that jobs are given, each made once. */
export interface Container {
  /** Error: where no provider gives it; names the token. */
  get<T>(token: TokenLike<T>): T;
  tryGet<T>(token: TokenLike<T>): T | undefined;
}

/** Makes what factories give, one after the other in the order that they need each other; classes wait until they are asked for. */
export async function openContainer(providers: readonly Provider[]): Promise<Container> {
  const values = new Map<unknown, unknown>();
  // Of two for one token, the later.
  const byToken = new Map(providers.map((provider) => [tokenOf(provider), provider]));

  const tryGet = (token: unknown): unknown => {
    if (values.has(token)) return values.get(token);
    const provider = byToken.get(token);
    if (provider === undefined) return undefined;
    const value =
      typeof provider === 'function'
        ? new provider()
        : 'useClass' in provider
          ? new provider.useClass()
          : 'useValue' in provider
            ? provider.useValue
            : undefined;
    values.set(token, value);
    return value;
  };
  const get = (token: unknown): unknown => {
    if (!values.has(token) && !byToken.has(token))
      throw new Error(
        `no provider gives ${tokenName(token)}: name one in "providers" of @App, or of the job's file (export const providers = [...])`,
      );
    return tryGet(token);
  };

  const make = async (token: unknown, path: readonly unknown[]): Promise<void> => {
    const provider = byToken.get(token);
    if (values.has(token) || typeof provider !== 'object' || !('useFactory' in provider)) return;
    if (path.includes(token))
      throw new Error(`providers need each other: ${[...path, token].map(tokenName).join(' -> ')}`);
    const { useFactory, inject = [] } = provider;
    for (const needed of inject) await make(needed, [...path, token]);
    values.set(token, await useFactory(...(inject.map(get) as never[])));
  };
  for (const token of byToken.keys()) await make(token, []);
  return { get, tryGet } as Container;
}

/** The token that a provider is for. Error: where it is no provider. */
function tokenOf(provider: Provider): unknown {
  if (typeof provider === 'function') return provider;
  const known = ['useValue', 'useClass', 'useFactory'].some((way) => way in (provider ?? {}));
  if (!known || provider.provide === undefined)
    throw new Error('not a provider: it has "provide" and one of "useValue", "useClass", "useFactory"');
  return provider.provide;
}

function tokenName(token: unknown): string {
  if (typeof token === 'string') return `"${token}"`;
  if (typeof token === 'symbol') return token.description ?? 'a symbol without a name';
  const name = (token as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name : String(token);
}
