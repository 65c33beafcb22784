import fc from 'fast-check';

/** Numbers as JSON may write them (RFC 8259, section 6): of any length, with any fraction and exponent. */
export const jsonNumber: fc.Arbitrary<string> = fc
  .record({
    minus: fc.boolean(),
    whole: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String), fc.nat(20).map(String)),
    fraction: fc.option(fc.stringMatching(/^[0-9]{1,20}$/), { nil: undefined }),
    exponent: fc.option(fc.stringMatching(/^[eE][+-]?[0-9]{1,3}$/), { nil: undefined }),
  })
  .map(
    ({ minus, whole, fraction, exponent }) =>
      `${minus ? '-' : ''}${whole}${fraction === undefined ? '' : `.${fraction}`}${exponent ?? ''}`,
  );
