import { UsageError } from '../../errors.ts';

/**
 * Replaces `${VAR}` and `${VAR:-default}` (the default also stands in for an empty value, as in POSIX shells). Error: UsageError that
 * names the variable and where it stands, for one that is not set. `filled` gets the value of each variable that was used.
 */
export function expand(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  where: string,
  filled: Record<string, string> = {},
): string {
  return text.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
    (_, name: string, fallback: string | undefined) => {
      const value = env[name];
      if (value) filled[name] = value;
      if (fallback !== undefined) return value || fallback;
      if (value === undefined)
        throw new UsageError(`environment variable ${name} is not set (needed by ${where})`, {
          hint: `export ${name}=..., or give a default in the configuration: \${${name}:-value}`,
        });
      return value;
    },
  );
}

/** `expand` over the values of a map; keys stay. */
export function expandAll(
  map: Record<string, string>,
  env: Readonly<Record<string, string | undefined>>,
  where: string,
  filled?: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map).map(([k, v]) => [k, expand(v, env, `${where} ${k}`, filled)]),
  );
}
